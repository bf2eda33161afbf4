import { everyNamespace, type ImageStreamGrant } from './image-stream-grant.ts';

/** A stream that something refers to. */
export type ReferencedStream = { readonly namespace: string; readonly name: string };

/** Reason of the condition and the Event that tell of a reference that nobody permitted. */
export const notPermittedReason = 'ReferenceNotPermitted';

const permits = ({ metadata, spec }: ImageStreamGrant, referrer: string, to: ReferencedStream): boolean =>
  metadata.namespace === to.namespace &&
  metadata.deletionTimestamp === undefined &&
  spec.from.some(({ namespace }) => namespace === everyNamespace || namespace === referrer) &&
  ((spec.to ?? []).length === 0 || (spec.to ?? []).some(({ name }) => name === to.name));

/** Whether something in the namespace `referrer` may refer to a stream: one of its own always, another one where a grant says so. */
export const isReferencePermitted = (
  grants: readonly ImageStreamGrant[],
  referrer: string,
  to: ReferencedStream,
): boolean => referrer === to.namespace || grants.some((grant) => permits(grant, referrer, to));

/** What is said of a reference that nobody permitted, and what to do; never whether the stream exists. */
export const notPermittedMessage = (referrer: string, { namespace, name }: ReferencedStream): string =>
  `the namespace "${namespace}" lets no other refer to its image stream "${name}" from "${referrer}": ` +
  `its owner has to create an ImageStreamGrant there with spec.from namespace "${referrer}"`;
