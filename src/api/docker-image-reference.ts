/**
 * A pull spec, split as OpenShift splits it. Only what was written is set: nothing is defaulted until a caller asks for it.
 *
 * @see openshift/library-go `pkg/image/reference/reference.go`
 */
export type DockerImageReference = {
  /** Host, with port where one was given; empty for Docker Hub's short names. */
  readonly registry: string;
  /** First segment of the path, where it has two or more. */
  readonly namespace: string;
  /** The rest of the path; may hold slashes. */
  readonly name: string;
  readonly tag: string;
  /** Digest. */
  readonly id: string;
};

const maxNameLength = 255;
/** Longer than any valid reference (name, tag and a SHA-512 digest); bounds the work of the expressions below. */
const maxReferenceLength = 1024;

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const hostComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `${hostComponent}(?:\\.${hostComponent})*(?::[0-9]+)?`;
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const referenceExpression = new RegExp(
  `^((?:${host}/)?${component}(?:/${component})*)(?::(\\w[\\w.-]{0,127}))?(?:@(${digest}))?$`,
);

const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** What is wrong with a digest, or undefined. The texts are those of the original. */
const digestProblem = (text: string): string | undefined => {
  const split = text.indexOf(':');
  const algorithm = text.slice(0, split);
  if (!/^[a-zA-Z0-9_+.-]+:[a-fA-F0-9]+$/.test(text)) return 'invalid checksum digest format';
  if (!Object.hasOwn(digestLengths, algorithm)) return 'unsupported digest algorithm';
  return digestLengths[algorithm] === text.length - split - 1 ? undefined : 'invalid checksum digest length';
};

const nameProblem = (text: string): string => {
  if (text === '') return 'repository name must have at least one component';
  if (text.length > maxReferenceLength)
    return `repository name must not be more than ${maxNameLength} characters`;
  return referenceExpression.test(text.toLowerCase())
    ? 'repository name must be lowercase'
    : 'invalid reference format';
};

/** Registry and path of a name such as `quay.io/a/b`; a lone word with a dot is taken for a registry, as the original does. */
const splitName = (
  name: string,
  written: string,
): Pick<DockerImageReference, 'registry' | 'namespace' | 'name'> => {
  const slash = name.indexOf('/');
  if (slash === -1) {
    const isRegistry = name.includes('.') || name.startsWith('localhost');
    return isRegistry
      ? { registry: written, namespace: '', name: '' }
      : { registry: '', namespace: '', name };
  }
  const first = name.slice(0, slash);
  const hasRegistry = /[:.]/.test(first) || first === 'localhost';
  const path = hasRegistry ? name.slice(slash + 1) : name;
  const pathSlash = path.indexOf('/');
  return {
    registry: hasRegistry ? first : '',
    namespace: pathSlash === -1 ? '' : path.slice(0, pathSlash),
    name: path.slice(pathSlash + 1),
  };
};

/** Reads a pull spec, or says in the original's words why it is none, e.g. `invalid reference format`. */
export const parseDockerImageReference = (
  text: string,
): DockerImageReference | { readonly error: string } => {
  const match = text.length > maxReferenceLength ? null : referenceExpression.exec(text);
  if (match === null) return { error: nameProblem(text) };
  const [, name = '', tag = '', id = ''] = match;
  if (name.length > maxNameLength) {
    return { error: `repository name must not be more than ${maxNameLength} characters` };
  }
  const problem = id === '' ? undefined : digestProblem(id);
  if (problem !== undefined) return { error: problem };
  const split = splitName(name, text);
  return { ...split, tag: split.name === '' ? '' : tag, id };
};

/** Whether `text` is a digest of an algorithm that registries use. */
export const isDigest = (text: string): boolean => digestProblem(text) === undefined;

const hubHosts = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** Whether a host is one of Docker Hub's names. */
export const isDockerHub = (registry: string): boolean => hubHosts.includes(registry);

/** Name with digest or tag; an id that is no digest was a tag of registries of old. */
const nameWithTarget = ({ name, tag, id }: DockerImageReference): string => {
  if (name === '') return '';
  if (id !== '') return `${name}${isDigest(id) ? '@' : ':'}${id}`;
  return tag === '' ? name : `${name}:${tag}`;
};

/** Prints what is set and nothing else ("Exact" in the original); a digest hides the tag. */
export const formatDockerImageReference = (reference: DockerImageReference): string => {
  const registry = reference.registry === '' ? '' : `${reference.registry}/`;
  const namespace = reference.namespace === '' ? '' : `${reference.namespace}/`;
  const target = nameWithTarget(reference);
  return target === '' && registry === '' ? '' : `${registry}${namespace}${target}`;
};

/** With what a Docker client would fill in: `docker.io`, `library`, and `latest` even beside a digest. */
export const withClientDefaults = (reference: DockerImageReference): DockerImageReference => {
  const registry = reference.registry === '' ? 'docker.io' : reference.registry;
  const namespace = reference.namespace === '' && isDockerHub(registry) ? 'library' : reference.namespace;
  return { ...reference, registry, namespace, tag: reference.tag === '' ? 'latest' : reference.tag };
};

/** Without the tag, where there is a digest. */
export const mostSpecific = (reference: DockerImageReference): DockerImageReference => {
  if (reference.id === '') return reference;
  if (isDigest(reference.id)) return { ...reference, tag: '' };
  return reference.tag === '' ? { ...reference, tag: reference.id, id: '' } : reference;
};

/** Without tag and digest. */
export const asRepository = (reference: DockerImageReference): DockerImageReference => ({
  ...reference,
  tag: '',
  id: '',
});
