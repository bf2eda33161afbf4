/** A target of a `Link` header. */
export type Link = {
  readonly target: string;
  /** Relation types in lower case; empty where none is given. */
  readonly relations: readonly string[];
};

const linkPattern = /[\s,]*<([^>]*)>((?:\s*;\s*[^\s=;,"]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/y;
const relationPattern = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))/i;

/**
 * Reads a `Link` header: several links, quoted or bare relations, commas inside targets. What follows the first violation of the
 * grammar is ignored.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export const parseLinks = (header: string): readonly Link[] => {
  const links: Link[] = [];
  const pattern = new RegExp(linkPattern);
  for (let match = pattern.exec(header); match !== null; match = pattern.exec(header)) {
    const relation = relationPattern.exec(match[2] ?? '');
    const relations = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    links.push({ target: match[1] ?? '', relations });
  }
  return links;
};

/** The target of the first link to a next page. */
export const nextLink = (header: string): string | undefined =>
  parseLinks(header).find(({ relations }) => relations.includes('next'))?.target;
