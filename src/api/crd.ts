import { qualifiedName, type Resource } from './resource.ts';
import { changeCursors, imageStreamGrants, imageStreamImports, imageStreams, images } from './resources.ts';

/**
 * CustomResourceDefinitions for the kinds that a cluster stores: derived from the same schemas as types and decoders, so that they
 * cannot disagree.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/
 */

/** A structural schema, as JSON. */
export type StructuralSchema = { readonly [word: string]: unknown };

/** One column of `kubectl get`; `jsonPath` is all that a CRD can compute. */
export type PrinterColumn = {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer';
  readonly description: string;
  readonly jsonPath: string;
  /** Above 0: shown by `-o wide` alone. */
  readonly priority?: number;
};

type CrdVersion = {
  readonly name: string;
  readonly served: true;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
  readonly subresources?: { readonly status: Readonly<Record<string, never>> };
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly additionalPrinterColumns: readonly PrinterColumn[];
};

export type CustomResourceDefinition = {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: {
      readonly plural: string;
      readonly singular: string;
      readonly kind: string;
      readonly listKind: string;
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    };
    readonly versions: readonly CrdVersion[];
  };
};

/** What a CRD says of a kind beyond its {@link Resource}. */
export type CrdOptions = {
  readonly resource: Resource;
  /** Whether status is written apart from the rest. */
  readonly hasStatus: boolean;
  readonly columns: readonly PrinterColumn[];
};

/**
 * Second name of the stored version, with the same schema, through which our controllers work: objects stay readable under it when an
 * APIService takes `v1` over (design §2). Not for users.
 */
export const aliasVersion = 'v1crd';

const isObject = (value: unknown): value is StructuralSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapValues = (values: StructuralSchema, change: (value: unknown) => unknown): StructuralSchema =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/** Words of our schemas that no CRD may hold: titles mean nothing there, strategic merge patches end at custom resources. */
const foreignWords = new Set(['title', 'x-kubernetes-patch-merge-key', 'x-kubernetes-patch-strategy']);

const structural = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  const words = Object.entries(value).filter(([word]) => !foreignWords.has(word));
  return Object.fromEntries(
    words.map(([word, content]) => {
      if (word === 'properties' && isObject(content)) return [word, mapValues(content, structural)];
      return [word, word === 'items' || word === 'additionalProperties' ? structural(content) : content];
    }),
  );
};

/** The schema of a whole object: the server itself knows what its metadata holds. */
const rootSchema = ({ schema }: Resource): StructuralSchema => {
  const root = structural(schema) as StructuralSchema;
  const properties = isObject(root['properties']) ? root['properties'] : {};
  return { ...root, properties: { ...properties, metadata: { type: 'object' } } };
};

const namesOf = ({ plural, singular, kind, shortNames, categories }: Resource) => ({
  plural,
  singular,
  kind,
  listKind: `${kind}List`,
  ...(shortNames.length === 0 ? {} : { shortNames }),
  ...(categories.length === 0 ? {} : { categories }),
});

const versionOf = (name: string, { resource, hasStatus, columns }: CrdOptions): CrdVersion => ({
  name,
  served: true,
  storage: name === resource.version,
  schema: { openAPIV3Schema: rootSchema(resource) },
  ...(hasStatus ? { subresources: { status: {} } } : {}),
  ...(resource.selectableFields.length === 0
    ? {}
    : { selectableFields: resource.selectableFields.map((path) => ({ jsonPath: `.${path}` })) }),
  additionalPrinterColumns: columns,
});

/** The CRD of a kind, with its version and the alias of it. */
export const customResourceDefinition = (options: CrdOptions): CustomResourceDefinition => {
  const { resource } = options;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: qualifiedName(resource) },
    spec: {
      group: resource.group,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: namesOf(resource),
      versions: [versionOf(resource.version, options), versionOf(aliasVersion, options)],
    },
  };
};

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: 'Time since the object was created.',
  jsonPath: '.metadata.creationTimestamp',
};

const condition = (type: string, description: string, field = 'status'): PrinterColumn => ({
  name: type,
  type: 'string',
  description,
  jsonPath: `.status.conditions[?(@.type=="${type}")].${field}`,
});

/**
 * Every kind that a cluster stores for us. `oc get is` also shows the tags and when the last one moved: a column of a CRD prints only the
 * first value that its path finds, so neither can be had from a list.
 */
export const customResources: readonly CrdOptions[] = [
  {
    resource: imageStreams,
    hasStatus: true,
    columns: [
      {
        name: 'Image Repository',
        type: 'string',
        description: 'The repository whose tags are imported.',
        jsonPath: '.spec.dockerImageRepository',
      },
      condition('Ready', 'Whether every tag has the image that it asks for.'),
      condition('Fresh', 'Whether the last refresh of every tag succeeded.'),
      { ...condition('Ready', 'What the stream waits for.', 'message'), name: 'Message', priority: 1 },
      age,
    ],
  },
  {
    resource: images,
    hasStatus: false,
    columns: [
      {
        name: 'Image Reference',
        type: 'string',
        description: 'The string that can be used to pull this image.',
        jsonPath: '.dockerImageReference',
      },
    ],
  },
  {
    resource: imageStreamImports,
    hasStatus: true,
    columns: [
      {
        name: 'Stream',
        type: 'string',
        description: 'The stream that is imported into; empty: the one of this name.',
        jsonPath: '.spec.stream',
      },
      { ...condition('Complete', 'How the import went.', 'reason'), name: 'Result' },
      { ...condition('Complete', 'What did not go well.', 'message'), name: 'Message', priority: 1 },
      age,
    ],
  },
  {
    resource: imageStreamGrants,
    hasStatus: false,
    columns: [
      {
        name: 'From',
        type: 'string',
        description: 'The first namespace that may refer; * for every one.',
        jsonPath: '.spec.from[0].namespace',
      },
      {
        name: 'To',
        type: 'string',
        description: 'The first stream that may be referred to; empty: all of them.',
        jsonPath: '.spec.to[0].name',
      },
      age,
    ],
  },
  {
    resource: changeCursors,
    hasStatus: false,
    columns: [
      {
        name: 'Stream',
        type: 'string',
        description: 'The stream whose history it is a place in.',
        jsonPath: '.stream.name',
      },
      age,
    ],
  },
];
