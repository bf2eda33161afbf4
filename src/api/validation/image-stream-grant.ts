import { duplicate, type FieldError, type FieldPath, invalid, required, rootPath } from '../field-error.ts';
import { everyNamespace, type ImageStreamGrant } from '../image-stream-grant.ts';
import { dns1123LabelRule, dns1123SubdomainRule, imageStreamNameRule, type NameRule } from './names.ts';
import { validateObjectMeta } from './object-meta.ts';

const namespaceRule: NameRule = (name) => (name === everyNamespace ? [] : dns1123LabelRule(name));

type Entry = { readonly path: FieldPath; readonly value: string };

const validateKeys = (entries: readonly Entry[], rule: NameRule): readonly FieldError[] =>
  entries.flatMap(({ path, value }, index) => [
    ...rule(value).map((reason) => invalid(path, value, reason)),
    ...(entries.findIndex((other) => other.value === value) < index ? [duplicate(path, value)] : []),
  ]);

/** Rules of a grant. */
export const validateImageStreamGrant = ({ metadata, spec }: ImageStreamGrant): readonly FieldError[] => {
  const path = rootPath.child('spec');
  const namespaces = spec.from.map(({ namespace }, index) => ({
    path: path.child('from').key(index).child('namespace'),
    value: namespace,
  }));
  const streams = (spec.to ?? []).map(({ name }, index) => ({
    path: path.child('to').key(index).child('name'),
    value: name,
  }));
  return [
    ...validateObjectMeta(
      metadata,
      { isNamespaced: true, nameRule: dns1123SubdomainRule },
      rootPath.child('metadata'),
    ),
    ...(namespaces.length === 0
      ? [required(path.child('from'), 'name at least one namespace, or * for every one')]
      : []),
    ...validateKeys(namespaces, namespaceRule),
    ...validateKeys(streams, imageStreamNameRule),
  ];
};
