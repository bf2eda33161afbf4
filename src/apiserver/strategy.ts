import type { FieldError } from '../api/field-error.ts';
import type { KubernetesObject } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import type { Column, RestContext } from './rest-storage.ts';

/**
 * What one stored resource decides about its objects; all the rest of REST is generic.
 *
 * The prepare functions return the object to be stored; they may look things up (another stream), hence the promise. The validate
 * functions see what the prepare functions made. After k8s.io/apiserver/pkg/registry/rest.
 */
export type Strategy<T extends KubernetesObject> = {
  readonly resource: Resource<T>;
  readonly columns: readonly Column<T>[];
  /** Fills in defaults on every write, before anything else. */
  applyDefaults?(object: T): T;
  prepareForCreate?(object: T, context: RestContext): T | Promise<T>;
  validate?(object: T, context: RestContext): readonly FieldError[] | Promise<readonly FieldError[]>;
  prepareForUpdate?(next: T, old: T, context: RestContext): T | Promise<T>;
  validateUpdate?(
    next: T,
    old: T,
    context: RestContext,
  ): readonly FieldError[] | Promise<readonly FieldError[]>;
  /** The same for writes through the `status` subresource. */
  prepareForStatusUpdate?(next: T, old: T, context: RestContext): T | Promise<T>;
  validateStatusUpdate?(
    next: T,
    old: T,
    context: RestContext,
  ): readonly FieldError[] | Promise<readonly FieldError[]>;
  /** Computed fields, filled in on every answer. */
  decorate?(object: T): T;
  /** A PUT to a name that is free creates it. Default false. */
  readonly allowCreateOnUpdate?: boolean;
  /** A PUT without resourceVersion overwrites what is there. Default true; false for ImageStream and Image. */
  readonly allowUnconditionalUpdate?: boolean;
};
