/** What the programs vary of an object, whatever its kind: a few maps with few keys and values, so that writes meet. */
export type Content = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  /** Keys of a ConfigMap, tags of a stream, containers of a Deployment; the value of each. */
  readonly items: Readonly<Record<string, string>>;
};

/** Content as its single fields: the path of each with its value. */
export type Fields = ReadonlyMap<string, string>;

/** Any object of the API; what is in it is read where it is known. */
export type Body = {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly {
      readonly manager: string;
      readonly operation: string;
      readonly subresource?: string;
      readonly fieldsV1: object;
    }[];
  };
  readonly [field: string]: unknown;
};

/** A kind that programs write, and how its bodies hold the content. */
export type Kind = {
  readonly kind: 'ConfigMap' | 'ImageStream' | 'Deployment';
  readonly apiVersion: string;
  /** Path of its collection in a namespace. */
  readonly collection: (namespace: string) => string;
  /** What `metadata.generation` counts changes of, as the beginnings of paths; none where there is no generation. */
  readonly generationCounts: readonly string[];
  /** What `status` may be made, as the body of a merge patch; undefined for kinds without one. */
  readonly status?: { readonly of: (value: string) => object; readonly from: (body: Body) => string };
  /** Whether an update may leave out the version that it builds on. */
  readonly needsVersion: boolean;
  /** Items are a list merged by `name`, not a map. */
  readonly itemsAreList: boolean;
  /** An item without its value is refused. */
  readonly needsValues: boolean;
  /** Takes strategic merge patches; a custom resource does not. */
  readonly isBuiltIn: boolean;
  /** Path of the items as a JSON pointer. */
  readonly itemsPointer: string;
  readonly item: (name: string, value: string) => object | string;
  /** The part of a body that holds the items, beside metadata. */
  readonly around: (items: unknown) => object;
  /** The fields of the items of a body. */
  readonly itemFields: (body: Body) => Fields;
};

const keys = (items: Content['items']): readonly (readonly [string, string])[] =>
  Object.entries(items).map(([name, value]) => [`items/${name}`, value]);

const configMap: Kind = {
  kind: 'ConfigMap',
  apiVersion: 'v1',
  collection: (namespace) => `/api/v1/namespaces/${namespace}/configmaps`,
  generationCounts: [],
  needsVersion: false,
  itemsAreList: false,
  needsValues: false,
  isBuiltIn: true,
  itemsPointer: '/data',
  item: (_name, value) => value,
  around: (data) => ({ data }),
  itemFields: ({ data }) => new Map(keys((data ?? {}) as Content['items'])),
};

type Tag = { readonly name: string; readonly from?: object | null; readonly annotations?: Content['items'] };

const imageStream: Kind = {
  kind: 'ImageStream',
  apiVersion: 'image.openshift.io/v1',
  collection: (namespace) => `/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams`,
  generationCounts: ['items/'],
  status: {
    // A field that nothing is computed from.
    of: (value) => ({ repository: { fingerprint: value } }),
    from: ({ status }) => {
      const { repository } = (status ?? {}) as { readonly repository?: { readonly fingerprint: string } };
      return repository?.fingerprint ?? '';
    },
  },
  needsVersion: true,
  itemsAreList: true,
  needsValues: false,
  isBuiltIn: false,
  itemsPointer: '/spec/tags',
  // Reference tags: nobody imports them.
  item: (name, value) => ({
    name,
    reference: true,
    from: { kind: 'DockerImage', name: `registry.example.com/${name}` },
    annotations: { value },
  }),
  around: (tags) => ({ spec: { tags } }),
  itemFields: ({ spec }) => {
    const { tags } = (spec ?? {}) as { readonly tags?: readonly Tag[] | null };
    return new Map(
      (tags ?? []).flatMap(({ name, from, annotations }) => [
        [`items/${name}`, ''],
        ...(from ? ([[`items/${name}/from`, '']] as const) : []),
        ...(annotations?.['value'] === undefined
          ? []
          : ([[`items/${name}/value`, annotations['value']]] as const)),
      ]),
    );
  },
};

type Container = { readonly name: string; readonly image?: string };
const base = { name: 'base', image: 'registry.example.com/base:1' };

const deployment: Kind = {
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  collection: (namespace) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  generationCounts: ['items/', 'annotations/'],
  status: {
    of: (value) => ({ observedGeneration: value === 'True' ? 1 : 2 }),
    from: ({ status }) => {
      const { observedGeneration } = (status ?? {}) as { readonly observedGeneration?: number };
      return observedGeneration === undefined ? '' : observedGeneration === 1 ? 'True' : 'False';
    },
  },
  needsVersion: false,
  itemsAreList: true,
  needsValues: true,
  isBuiltIn: true,
  itemsPointer: '/spec/template/spec/containers',
  item: (name, value) => ({ name, image: `registry.example.com/app:${value}` }),
  around: (containers) => ({
    spec: {
      selector: { matchLabels: { app: 'x' } },
      template: {
        metadata: { labels: { app: 'x' } },
        // Its own list has no order that matters here, and may not be empty.
        spec: { containers: [base, ...(containers as readonly Container[])] },
      },
    },
  }),
  itemFields: ({ spec }) => {
    const { template } = spec as {
      readonly template: { readonly spec: { readonly containers: readonly Container[] } };
    };
    const fields = template.spec.containers
      .filter(({ name }) => name !== base.name)
      .flatMap(
        ({ name, image = '' }) =>
          [
            [`items/${name}`, ''],
            [`items/${name}/value`, image.split(':')[1] ?? ''],
          ] as const,
      );
    return new Map([['base', ''], ...fields]);
  },
};

/** The kinds that programs write. */
export const kinds: readonly Kind[] = [configMap, imageStream, deployment];
