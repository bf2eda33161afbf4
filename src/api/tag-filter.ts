import { RE2JS, RE2JSSyntaxException } from 're2js';
import semver from 'semver';
import { tagFilterAnnotation } from './annotations.ts';
import type { ImageStream } from './image-stream.ts';

/** Says which tags of a repository count. */
export type TagFilter = (tag: string) => boolean;

/** A filter, or what is wrong with its text. */
export type ParsedTagFilter =
  | { readonly ok: true; readonly filter: TagFilter }
  | { readonly ok: false; readonly problem: string };

const maxLength = 1_000;
/** Steps of a compiled expression: what matching costs per character of a tag at worst. */
const maxProgramSize = 1_000;

const everything: TagFilter = () => true;

/** `v1.2`, `1.2.3-rc.1`, `24.04`: what a tag says as a version; a bare number may be a date, a build or a branch, and is none. */
const versionOf = (tag: string): semver.SemVer | null => {
  const [, major, minor, patch = '0', preRelease = ''] =
    /^v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(-[0-9A-Za-z.-]+)?$/.exec(tag) ?? [];
  return major === undefined ? null : semver.parse(`${+major}.${Number(minor)}.${+patch}${preRelease}`);
};

const rangeFilter = (text: string): ParsedTagFilter => {
  if (text.trim() === '') return { ok: false, problem: 'it is empty' };
  if (semver.validRange(text) === null) return { ok: false, problem: 'it is no range of versions' };
  const range = new semver.Range(text);
  return {
    ok: true,
    filter: (tag) => {
      const version = versionOf(tag);
      return version !== null && range.test(version);
    },
  };
};

const expressionFilter = (expression: string): ParsedTagFilter => {
  try {
    const compiled = RE2JS.compile(expression);
    if (compiled.programSize() > maxProgramSize)
      return { ok: false, problem: 'the regular expression is too complex: use smaller repetitions' };
    return { ok: true, filter: (tag) => compiled.test(tag) };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    return { ok: false, problem: error.message };
  }
};

/**
 * Reads a filter: `/EXPRESSION/` is a regular expression in RE2's syntax, found anywhere in the tag unless anchored; everything else a range of
 * versions as npm has it, which counts pre-releases only where it names one. Undefined lets every tag through.
 *
 * @see https://github.com/google/re2/wiki/Syntax
 * @see https://github.com/npm/node-semver#ranges
 */
export const parseTagFilter = (text: string | undefined): ParsedTagFilter => {
  if (text === undefined) return { ok: true, filter: everything };
  if (text.length > maxLength) return { ok: false, problem: `it is longer than ${maxLength} characters` };
  if (!text.startsWith('/')) return rangeFilter(text);
  if (/.\/[a-z]+$/.test(text))
    return { ok: false, problem: 'flags stand at the beginning of a regular expression, as in "/(?i)^v1/"' };
  return text.length > 2 && text.endsWith('/')
    ? expressionFilter(text.slice(1, -1))
    : { ok: false, problem: 'the regular expression is empty or lacks its closing slash' };
};

/** The filter of `spec.dockerImageRepository`, as its annotation says. */
export const tagFilterOf = ({ metadata }: ImageStream): string | undefined =>
  metadata.annotations?.[tagFilterAnnotation];

/** The sentence about a filter that cannot be read. */
export const tagFilterProblem = (text: string, problem: string): string =>
  `annotation ${tagFilterAnnotation}: "${text.slice(0, 100)}" cannot be read, so no tag is imported: ${problem}; write a range of versions, for example ">=1.20 <2", or a regular expression between slashes, for example "/^v1\\./"`;
