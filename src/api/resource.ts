import type { TSchema } from 'typebox';
import type { KubernetesObject } from './meta.ts';

/** A kind of object that can be served and, unless `virtual`, stored. */
export type Resource<T extends KubernetesObject = KubernetesObject> = {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Status is written apart from the rest, through the `status` subresource. */
  readonly hasStatus: boolean;
  /** `metadata.generation` also counts changes of annotations, as Kubernetes does for Deployments. Default false. */
  readonly generationCountsAnnotations?: boolean;
  readonly schema: TSchema;
  /** Fields besides `metadata.name` and `metadata.namespace` that a field selector may name, as dotted paths. */
  readonly selectableFields: readonly string[];
  /** Only carries the type `T`. */
  readonly __object?: T;
};

/** What has to be said of a resource; the rest is what most of them are: namespaced, without a status apart, without other names. */
type ResourceOptions = Pick<Resource, 'group' | 'plural' | 'kind' | 'schema'> & Partial<Resource>;

/** Makes a resource of version `v1`. */
export const defineResource = <T extends KubernetesObject>(options: ResourceOptions): Resource<T> => ({
  version: 'v1',
  singular: options.kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced: true,
  hasStatus: false,
  selectableFields: [],
  ...(options as ResourceOptions & { readonly __object?: T }),
});

/** `image.openshift.io/v1`, or `v1` for the core group. */
export const apiVersionOf = (resource: Resource): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;

/** `imagestreams.image.openshift.io`, or `secrets`: names a resource in messages and in a store. */
export const qualifiedName = (resource: Pick<Resource, 'group' | 'plural'>): string =>
  resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
