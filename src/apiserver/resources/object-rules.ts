import { type FieldError, rootPath } from '../../api/field-error.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import { dns1123LabelRule, dns1123SubdomainRule } from '../../api/validation/names.ts';
import { validateObjectMeta } from '../../api/validation/object-meta.ts';

const metadataPath = rootPath.child('metadata');

/** Rules for the metadata of most namespaced kinds. */
export const validateNamespacedMeta = ({ metadata }: KubernetesObject): readonly FieldError[] =>
  validateObjectMeta(metadata, { isNamespaced: true, nameRule: dns1123SubdomainRule }, metadataPath);

/** Rules for the metadata of a Namespace, whose name is a DNS label. */
export const validateNamespaceMeta = ({ metadata }: KubernetesObject): readonly FieldError[] =>
  validateObjectMeta(metadata, { isNamespaced: false, nameRule: dns1123LabelRule }, metadataPath);
