import type { KubernetesObject } from './meta.ts';

/** Which of the two lists of containers of a pod spec. */
export type ContainerList = 'containers' | 'initContainers';

/** What is changed of an object that follows tags, and nothing else of it. */
export type WorkloadPatch = {
  /** Null removes one. */
  readonly annotations: Readonly<Record<string, string | null>>;
  /** Where the pod spec is, e.g. `['spec', 'template', 'spec']`. */
  readonly podSpecPath: readonly string[];
  readonly images: readonly ImageChange[];
};

/** Another image for one container, which its name names. */
export type ImageChange = { readonly list: ContainerList; readonly name: string; readonly image: string };

type Fields = Readonly<Record<string, unknown>>;
type Named = { readonly name: string };

const asFields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** What stands at a path; undefined where nothing does. */
export const valueAt = (object: unknown, path: readonly string[]): unknown =>
  path.reduce((value, field) => asFields(value)[field], object);

const withValueAt = (object: Fields, path: readonly string[], change: (value: Fields) => Fields): Fields => {
  const [field, ...rest] = path;
  if (field === undefined) return change(object);
  return { ...object, [field]: withValueAt(asFields(object[field]), rest, change) };
};

const withImages = (podSpec: Fields, images: readonly ImageChange[]): Fields => {
  const patched = (list: ContainerList): Fields => {
    const containers = podSpec[list];
    if (!Array.isArray(containers)) return {};
    const imageOf = (name: string) => images.find((one) => one.list === list && one.name === name)?.image;
    return {
      [list]: (containers as readonly Named[]).map((container) => ({
        ...container,
        ...(imageOf(container.name) === undefined ? {} : { image: imageOf(container.name) }),
      })),
    };
  };
  return { ...podSpec, ...patched('initContainers'), ...patched('containers') };
};

const withAnnotations = (metadata: Fields, changes: WorkloadPatch['annotations']): Fields => {
  const annotations = Object.entries({ ...asFields(metadata['annotations']), ...changes });
  return { ...metadata, annotations: Object.fromEntries(annotations.filter(([, value]) => value !== null)) };
};

/** The object with the patch in it, for a store that only takes whole objects. */
export const applyWorkloadPatch = <T extends KubernetesObject>(object: T, patch: WorkloadPatch): T => {
  const { annotations, podSpecPath, images } = patch;
  const annotated = withValueAt(object, ['metadata'], (metadata) => withAnnotations(metadata, annotations));
  if (images.length === 0) return annotated as T;
  return withValueAt(annotated, podSpecPath, (podSpec) => withImages(podSpec, images)) as T;
};

/**
 * The patch as the body of a request: a strategic merge patch, or, where it only concerns annotations, one that custom resources take
 * too. Refused as a conflict when the object is not that revision.
 */
export const workloadPatchBody = (
  { annotations, podSpecPath, images }: WorkloadPatch,
  resourceVersion: string,
): { readonly contentType: string; readonly body: unknown } => {
  const body = { metadata: { resourceVersion, annotations } };
  if (images.length === 0) return { contentType: 'application/merge-patch+json', body };
  const lists = Object.groupBy(images, ({ list }) => list);
  const podSpec = Object.fromEntries(
    Object.entries(lists).map(([list, items]) => [list, items.map(({ name, image }) => ({ name, image }))]),
  );
  return {
    contentType: 'application/strategic-merge-patch+json',
    body: withValueAt(body, podSpecPath, () => podSpec),
  };
};
