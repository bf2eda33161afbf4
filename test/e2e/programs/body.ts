import type { Body, Content, Fields, Kind } from './kinds.ts';

/** The items of a content as a body holds them. */
export const itemsOf = (kind: Kind, items: Content['items']): unknown =>
  kind.itemsAreList
    ? Object.entries(items).map(([name, value]) => kind.item(name, value))
    : Object.fromEntries(Object.entries(items).map(([name, value]) => [name, kind.item(name, value)]));

const filled = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => Object.keys(value as object).length > 0));

/** An object to send; what would be empty is left out, since clients differ in that and servers may too. */
export const bodyOf = (kind: Kind, metadata: object, content: Content): Body => {
  const { labels, annotations, finalizers, items } = content;
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { ...metadata, ...filled({ labels, annotations, finalizers }) } as Body['metadata'],
    ...(Object.keys(items).length > 0 || kind.kind === 'Deployment' ? kind.around(itemsOf(kind, items)) : {}),
  };
};

const named = (prefix: string, map: Readonly<Record<string, string>> | undefined) =>
  Object.entries(map ?? {}).map(([key, value]) => [`${prefix}/${key}`, value] as const);

/** Annotations that are the server's own. */
const serverAnnotations = ['deployment.kubernetes.io/revision', 'openshift.io/image.dockerRepositoryCheck'];

/** The fields of an object as it was sent or answered. */
export const fieldsOf = (kind: Kind, body: Body): Fields => {
  const { labels, annotations, finalizers = [] } = body.metadata;
  return new Map([
    ...named('labels', labels),
    ...named('annotations', annotations).filter(
      ([path]) => !serverAnnotations.includes(path.slice('annotations/'.length)),
    ),
    ...finalizers.map((finalizer) => [`finalizers/${finalizer}`, ''] as const),
    ...kind.itemFields(body),
  ]);
};

/** Which step of FieldsV1 leads where; what is not named here is no field of the programs. */
const pathOfSteps = (steps: readonly string[]): string | undefined => {
  const text = steps
    .map((step) => (step.startsWith('k:') ? step.replace(/^k:\{"name":"(.*)"\}$/, '[$1]') : step.slice(2)))
    .join('/');
  const metadata = /^metadata\/(?:labels|annotations|finalizers)\/(.+)$/.exec(text);
  if (metadata !== null) {
    const path = text.slice('metadata/'.length);
    return path.startsWith('finalizers/') ? path.replaceAll('"', '') : path;
  }
  const key = /^data\/([^/]+)$/.exec(text);
  if (key !== null) return `items/${key[1]}`;
  const item = /^spec\/(?:tags|template\/spec\/containers)\/\[([^\]]+)\](?:\/(.+))?$/.exec(text);
  if (item === null) return undefined;
  // A container that all Deployments have, and every applier states.
  if (item[1] === 'base') return item[2] === undefined ? 'base' : undefined;
  switch (item[2]) {
    case undefined:
      return `items/${item[1]}`;
    case 'image':
    case 'annotations/value':
      return `items/${item[1]}/value`;
    case 'from/name':
      return `items/${item[1]}/from`;
    default:
      return undefined;
  }
};

const membersOf = (set: object, steps: readonly string[]): readonly (readonly string[])[] => {
  const entries = Object.entries(set) as [string, object][];
  if (entries.length === 0) return [steps];
  return entries.flatMap(([step, below]) => (step === '.' ? [steps] : membersOf(below, [...steps, step])));
};

/** Who manages what, by manager; all that was written without apply belongs to `Update`. */
export type Managers = ReadonlyMap<string, ReadonlySet<string>>;

/** The managers of an answered object, of the fields that the programs know. */
export const managersOf = ({ metadata }: Body): Managers => {
  const managers = new Map<string, Set<string>>();
  for (const { manager, operation, subresource = '', fieldsV1 } of metadata.managedFields ?? []) {
    if (subresource !== '') continue;
    const name = operation === 'Apply' ? manager : 'Update';
    const paths = managers.get(name) ?? new Set();
    for (const steps of membersOf(fieldsV1, [])) {
      const path = pathOfSteps(steps);
      if (path !== undefined) paths.add(path);
    }
    if (paths.size > 0) managers.set(name, paths);
  }
  return managers;
};
