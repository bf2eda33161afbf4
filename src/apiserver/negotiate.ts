import { notAcceptableError } from './errors.ts';

/** In which form the client wants objects. */
export type ResponseForm = 'object' | 'table' | 'metadata';
export type ResponseFormat = { readonly form: ResponseForm; readonly encoding: 'json' | 'yaml' };

/** One entry of an Accept header. */
export type AcceptEntry = {
  readonly mediaType: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
};

const parseEntry = (text: string): AcceptEntry => {
  const [mediaType = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = Object.fromEntries(
    rest.map((part) => {
      const at = part.indexOf('=');
      return at < 0
        ? [part.toLowerCase(), '']
        : [part.slice(0, at).toLowerCase(), part.slice(at + 1).replace(/^"(.*)"$/, '$1')];
    }),
  );
  const quality = Number(parameters['q'] ?? '1');
  return { mediaType: mediaType.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality };
};

/** The entries of an Accept header, best first; an absent header accepts anything. */
export const parseAccept = (header: string | undefined): readonly AcceptEntry[] =>
  (header === undefined || header.trim() === '' ? '*/*' : header)
    .split(',')
    .map(parseEntry)
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);

const encodings: Readonly<Record<string, ResponseFormat['encoding']>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
};

/** What is offered, as it stands in a 406. */
export const offeredMediaTypes = [
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
];

const formOf = ({ as, g, v }: Readonly<Record<string, string>>): ResponseForm | undefined => {
  if (as === undefined) return 'object';
  if (g !== 'meta.k8s.io' || v !== 'v1') return undefined;
  if (as === 'Table') return 'table';
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList' ? 'metadata' : undefined;
};

/**
 * The first acceptable form. Clients that prefer protobuf name JSON as their second choice and get that.
 *
 * @throws {StatusError} 406 when there is none.
 */
export const negotiate = (header: string | undefined): ResponseFormat => {
  for (const entry of parseAccept(header)) {
    const encoding = encodings[entry.mediaType];
    const form = formOf(entry.parameters);
    if (encoding !== undefined && form !== undefined) return { form, encoding };
  }
  throw notAcceptableError(offeredMediaTypes);
};

/** The encoding of an error: the client's choice where it has one that can be had, else JSON. */
export const negotiateError = (header: string | undefined): ResponseFormat['encoding'] =>
  parseAccept(header)
    .map(({ mediaType }) => encodings[mediaType])
    .find((encoding) => encoding !== undefined) ?? 'json';
