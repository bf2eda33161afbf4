import { formatDockerImageReference } from '../api/docker-image-reference.ts';
import type { ImportMode, TagReference } from '../api/image-stream.ts';
import { type ImageStreamTagName, parseImageStreamTagName } from '../api/image-stream-names.ts';
import { CliError } from './errors.ts';
import { formatSource, type TagSource } from './tag-source.ts';

/** What the flags of `tag` ask for. */
export type TagFlags = {
  readonly alias: boolean;
  readonly scheduled: boolean;
  readonly insecure: boolean;
  readonly reference: boolean;
  readonly referencePolicy: 'Source' | 'Local';
  readonly importMode: ImportMode;
};

/** DEST: a tag of a stream, and how it was written without its namespace. */
export type TagDestination = ImageStreamTagName & { readonly namespace: string; readonly name: string };

const usage = (message: string): CliError => new CliError('usage', message);

/**
 * Reads `[NAMESPACE/]STREAM:TAG`.
 *
 * @throws {CliError} `usage`, in the words of `oc tag`.
 */
export const parseTagDestination = (text: string, defaultNamespace: string): TagDestination => {
  const parts = text.split('/');
  if (parts.length > 2) throw usage(`invalid image stream ${JSON.stringify(text)}`);
  const [namespace = '', name = ''] = parts.length === 1 ? [defaultNamespace, text] : parts;
  if (namespace === '') throw usage(`invalid namespace "" for image stream ${JSON.stringify(text)}`);
  if (name === '') throw usage(`invalid name "" for image stream ${JSON.stringify(text)}`);
  const split = parseImageStreamTagName(name);
  if (split === undefined) throw usage(`${JSON.stringify(name)} must be of the form <stream_name>:<tag>`);
  return { ...split, namespace, name };
};

/**
 * Checks what the parts of a request have to do with each other.
 *
 * @throws {CliError} `usage`, in the words of `oc tag`.
 */
export const checkTagRequest = (
  source: TagSource,
  destinations: readonly TagDestination[],
  flags: TagFlags,
  namespace: string,
): void => {
  const imports = flags.scheduled || flags.insecure;
  if (source.kind !== 'DockerImage' && imports)
    throw usage('only container images can have importing flags set');
  if (!flags.alias) return;
  if (imports) throw usage('cannot set a container image tag as an alias and also set import flags');
  const { reference } = source;
  const from = reference.namespace === '' ? namespace : reference.namespace;
  if (destinations.some((to) => to.namespace !== from || to.stream !== reference.name))
    throw usage('cannot set alias across different Image Streams');
};

const fromOf = (
  { kind, reference }: TagSource,
  to: TagDestination,
  namespace: string,
): NonNullable<TagReference['from']> => {
  if (kind === 'DockerImage') return { kind, name: formatSource({ kind, reference }) };
  const isElsewhere = reference.namespace !== '' || to.namespace !== namespace;
  return {
    kind,
    ...(isElsewhere ? { namespace: reference.namespace || namespace } : {}),
    name: formatDockerImageReference({ ...reference, namespace: '' }),
  };
};

/** The spec tag that `tag` writes. A generation of 0 asks for an import. */
export const specTagOf = (
  source: TagSource,
  to: TagDestination,
  flags: TagFlags,
  namespace: string,
): TagReference => ({
  name: to.tag,
  annotations: null,
  from: fromOf(source, to, namespace),
  ...(flags.reference ? { reference: true } : {}),
  generation: source.kind === 'DockerImage' ? 0 : null,
  importPolicy: {
    ...(flags.insecure ? { insecure: true } : {}),
    ...(flags.scheduled ? { scheduled: true } : {}),
    importMode: flags.importMode,
  },
  referencePolicy: { type: flags.referencePolicy },
});

/** The object that `oc tag` sends, with the empty fields that it sends too. */
export const imageStreamTagOf = (to: TagDestination, tag: TagReference) => ({
  kind: 'ImageStreamTag',
  apiVersion: 'image.openshift.io/v1',
  metadata: { name: to.name, namespace: to.namespace },
  tag,
  generation: 0,
  lookupPolicy: { local: false },
  image: { metadata: {}, dockerImageMetadata: null },
});

/** What is printed when a tag was set, in the words of `oc tag`. */
export const tagMessage = (
  source: TagSource,
  to: TagDestination,
  flags: TagFlags,
  namespace: string,
): string => {
  const isHere = to.namespace === namespace;
  const tag = isHere ? to.name : `${to.namespace}/${to.name}`;
  const from = formatSource(source);
  if (flags.alias) return `Tag ${tag} set up to track ${from}.`;
  if (flags.scheduled) return `Tag ${tag} set to ${isHere ? 'import ' : ''}${from} periodically.`;
  return `Tag ${tag} set to ${from}.`;
};
