import { createHash } from 'node:crypto';
import { triggerBlockedAnnotation, triggersAnnotation } from '../../api/annotations.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import { notPermittedMessage, notPermittedReason } from '../../api/reference-grants.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { EventNote } from '../ports.ts';
import type { BuildTrigger, ImageTrigger } from './annotation.ts';
import type { TriggerReason } from './events.ts';
import type { TriggerChange } from './plan.ts';

export type TriggerNote = EventNote<TriggerReason>;

/** Where and when the note is about. */
export type NoteScope = {
  readonly object: Pick<Stored<KubernetesObject>, 'metadata'>;
  readonly resource: Resource;
  /** RFC 3339. */
  readonly at: string;
};

const idOf = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

const scopeOf = ({ object, resource, at }: NoteScope): Pick<TriggerNote, 'involvedObject' | 'at'> => {
  const { namespace = '', name, uid, resourceVersion } = object.metadata;
  const apiVersion = apiVersionOf(resource);
  return { involvedObject: { apiVersion, kind: resource.kind, namespace, name, uid, resourceVersion }, at };
};

const tagName = ({ trigger }: TriggerChange): string =>
  `${trigger.namespace}/${trigger.stream}:${trigger.tag}`;

const changeId = (reason: TriggerReason, { object }: NoteScope, { trigger, tag, from }: TriggerChange) =>
  idOf(reason, object.metadata.uid, trigger.fieldPath, tag.stream, tag.tag, tag.revision, from);

/** Says that an annotation cannot be followed. */
export const invalidNote = (
  scope: NoteScope,
  problem: string,
  annotation = triggersAnnotation,
): TriggerNote => ({
  ...scopeOf(scope),
  id: idOf('TriggerInvalid', scope.object.metadata.uid, problem),
  type: 'Warning',
  reason: 'TriggerInvalid',
  message: `The annotation ${annotation} cannot be followed: ${problem}.`,
});

/** An annotation has room for thousands of slips; who mends the first ones sees the others. */
const maxIgnoredNotes = 10;

/** Says what of an annotation does not count. */
export const ignoredNotes = (scope: NoteScope, ignored: readonly string[]): readonly TriggerNote[] =>
  ignored.slice(0, maxIgnoredNotes).map((reason) => ({
    ...scopeOf(scope),
    id: idOf('TriggerInvalid', scope.object.metadata.uid, reason),
    type: 'Warning',
    reason: 'TriggerInvalid',
    message: `The annotation ${triggersAnnotation} does not count as written. ${reason}.`,
  }));

/** Says that a container got another image. */
export const triggeredNote = (scope: NoteScope, change: TriggerChange): TriggerNote => ({
  ...scopeOf(scope),
  id: changeId('ImageTriggered', scope, change),
  type: 'Normal',
  reason: 'ImageTriggered',
  message: `${change.trigger.fieldPath} is now ${change.tag.image}, revision ${change.tag.revision} of ${tagName(change)}.`,
});

/** Says that a container was rolled back by hand and is left alone. */
export const heldNote = (scope: NoteScope, change: TriggerChange): TriggerNote => ({
  ...scopeOf(scope),
  id: changeId('TriggerHeld', scope, change),
  type: 'Normal',
  reason: 'TriggerHeld',
  message: `${change.trigger.fieldPath} was rolled back to ${change.from}: it is left alone until ${tagName(change)} moves past revision ${change.tag.revision}.`,
});

/** Where it says how GitOps and triggers live together. */
const gitOpsHelp = 'README.md#with-gitops';

/** Says that a container is left alone because somebody else keeps setting it back. `who` is a phrase for whoever that is. */
export const blockedNote = (scope: NoteScope, change: TriggerChange, who: string): TriggerNote => ({
  ...scopeOf(scope),
  // Whatever image it is left at: that may change as often as the other program likes.
  id: changeId('Blocked', scope, { ...change, from: '' }),
  type: 'Warning',
  reason: 'Blocked',
  message:
    `${change.trigger.fieldPath} is left at ${change.from}, not revision ${change.tag.revision} of ${tagName(change)}: ${who} set it back twice. ` +
    `Have the image left to the trigger (${gitOpsHelp}), then remove the annotation ${triggerBlockedAnnotation}.`,
});

/** Says that a build was started. */
export const startedNote = (
  scope: NoteScope,
  run: { readonly kind: string; readonly name: string },
  cause: string,
): TriggerNote => ({
  ...scopeOf(scope),
  id: idOf('BuildTriggered', scope.object.metadata.uid, run.name),
  type: 'Normal',
  reason: 'BuildTriggered',
  message: `Started the ${run.kind} ${run.name}: ${cause}.`,
});

/** Says that a container follows a tag of a namespace that does not let it, and so does not follow it. */
export const refusedNote = (
  scope: NoteScope,
  { namespace, stream, tag, fieldPath }: BuildTrigger & Partial<ImageTrigger>,
): TriggerNote => ({
  ...scopeOf(scope),
  id: idOf(notPermittedReason, scope.object.metadata.uid, fieldPath ?? '', namespace, stream, tag),
  type: 'Warning',
  reason: notPermittedReason,
  message: `${fieldPath ?? 'The build'} does not follow ${namespace}/${stream}:${tag}: ${notPermittedMessage(scope.object.metadata.namespace ?? '', { namespace, name: stream })}.`,
});
