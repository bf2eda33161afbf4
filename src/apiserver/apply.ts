import type { KubernetesObject } from '../api/meta.ts';
import { apiVersionOf } from '../api/resource.ts';
import { failure, StatusError } from '../api/status.ts';
import {
  difference,
  emptySet,
  type FieldSet,
  formatPath,
  intersection,
  isEmptySet,
  pathsOf,
  union,
} from './field-set.ts';
import { isJsonObject } from './json.ts';
import { schemaOf } from './json-schema.ts';
import {
  isWriter,
  type Manager,
  manageable,
  manageableFields,
  managersOf,
  type Write,
  withFieldsOf,
  withManagers,
} from './managed-fields.ts';
import { compareValues, fieldSetOf, mergeApplied, pruneValue } from './typed-value.ts';

/**
 * Server-side apply: an applier states the fields that it wants, and gets them unless somebody else manages one with another value.
 * Fields that it stated before and states no longer go, unless somebody else manages them too.
 *
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */

/** Where client-side apply keeps what it applied. */
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

const updateManager = (name: string, fields: FieldSet, { resource, writer }: Write): Manager => ({
  name,
  operation: 'Update',
  apiVersion: apiVersionOf(resource),
  subresource: writer.subresource,
  time: undefined,
  fields,
});

const parseOrUndefined = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // somebody else wrote the annotation: it says nothing then
  }
};

/** The fields that client-side apply put there and that still have the values it gave them. */
const clientAppliedFields = (live: KubernetesObject, write: Write): FieldSet => {
  const text = live.metadata.annotations?.[lastAppliedAnnotation];
  const applied = text === undefined ? undefined : parseOrUndefined(text);
  if (!isJsonObject(applied)) return emptySet;
  const { changed, removed } = compareValues(applied, live, schemaOf(write.resource));
  return difference(manageableFields(applied, write), union(changed, removed));
};

const annotationField: FieldSet = {
  member: false,
  children: new Map([
    [
      'f:metadata',
      {
        member: false,
        children: new Map([
          [
            'f:annotations',
            {
              member: false,
              children: new Map([[`f:${lastAppliedAnnotation}`, { member: true, children: new Map() }]]),
            },
          ],
        ]),
      },
    ],
  ]),
};

/**
 * The managers of the live object. Where nobody is known, what client-side apply wrote is its own, under the name by which kubectl hands it
 * over to server-side apply; all the rest was there before the first apply.
 */
const liveManagers = (live: KubernetesObject, write: Write): readonly Manager[] => {
  const known = managersOf(live);
  if (known.length > 0) return known;
  const all = manageableFields(live, write);
  const applied = clientAppliedFields(live, write);
  if (isEmptySet(applied)) return [updateManager('before-first-apply', all, write)];
  const clientSide = intersection(all, union(applied, annotationField));
  return [
    updateManager('kubectl-client-side-apply', clientSide, write),
    updateManager('before-first-apply', difference(all, clientSide), write),
  ];
};

type Conflict = { readonly manager: Manager; readonly fields: FieldSet };

const describeManager = ({ name, operation, apiVersion, subresource, time }: Manager): string => {
  const part = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const since = time === undefined ? '' : ` at ${time}`;
  return `${JSON.stringify(name)}${part}${operation === 'Update' ? ` using ${apiVersion}${since}` : ''}`;
};

/** 409 that names every field and who manages it, in the words by which kubectl explains it. */
const conflictStatus = (conflicts: readonly Conflict[]): StatusError => {
  const causes = conflicts.flatMap(({ manager, fields }) =>
    pathsOf(fields).map((path) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describeManager(manager)}`,
      field: formatPath(path),
    })),
  );
  const [first] = causes;
  const list = conflicts.map(
    ({ manager, fields }) =>
      `conflicts with ${describeManager(manager)}:\n${pathsOf(fields)
        .map((path) => `- ${formatPath(path)}`)
        .join('\n')}`,
  );
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${first?.message}: ${first?.field}`
      : `Apply failed with ${causes.length} conflicts: ${list.join('\n')}`;
  return new StatusError(failure('Conflict', message, { causes }));
};

export type ApplyOptions = Write & {
  /** Takes over fields that others manage. */
  readonly force: boolean;
};

/** What others manage of the fields that the apply changes. */
const conflictsOf = (
  others: readonly Manager[],
  changed: FieldSet,
  live: KubernetesObject,
  options: ApplyOptions,
): readonly Conflict[] => {
  // kubectl may take over what it applied itself, when it still ran on the client's side.
  const allowed = options.writer.name === 'kubectl' ? clientAppliedFields(live, options) : emptySet;
  return others
    .map((manager) => ({ manager, fields: difference(intersection(manager.fields, changed), allowed) }))
    .filter(({ fields }) => !isEmptySet(fields));
};

/** The object that comes of applying `config` where there is none yet. */
export const applyNew = (config: KubernetesObject, write: Write): KubernetesObject =>
  withManagers(config, withFieldsOf([], manageableFields(config, write), write));

/**
 * The live object with `config` applied to it.
 *
 * @throws {StatusError} 409 when others manage fields that would change, unless forced.
 */
export const applyTo = (
  live: KubernetesObject,
  config: KubernetesObject,
  options: ApplyOptions,
): KubernetesObject => {
  const schema = schemaOf(options.resource);
  const managers = liveManagers(live, options);
  const own = managers.find((manager) => isWriter(manager, options.writer));
  const others = managers.filter((manager) => manager !== own);
  const wanted = manageableFields(config, options);
  const merged = mergeApplied(live, config, schema);
  const kept = others.reduce((set, { fields }) => union(set, fields), fieldSetOf(config, schema));
  const next = pruneValue(merged, schema, own?.fields ?? emptySet, kept) as KubernetesObject;
  const comparison = compareValues(live, next, schema);
  const changed = manageable(comparison.changed, options);
  const conflicts = conflictsOf(others, changed, live, options);
  if (conflicts.length > 0 && !options.force) throw conflictStatus(conflicts);
  const lost = union(changed, manageable(comparison.removed, options));
  const left = managers.map((manager) =>
    manager === own ? manager : { ...manager, fields: difference(manager.fields, lost) },
  );
  // Who states nothing of an object that nobody applied before changes nothing: it stays without managers.
  const isUntracked = managersOf(live).length === 0 && isEmptySet(wanted);
  return withManagers(next, isUntracked ? [] : withFieldsOf(left, wanted, options));
};
