/** Prefix of every annotation, label and API group that is ours (DECISIONS.md, 5). */
export const ourPrefix = 'imagestreams.dev';

/** A time (RFC 3339); newer than what a tag has observed means: import again. */
export const importRequestedAtAnnotation = `${ourPrefix}/import-requested-at`;
/** How often a scheduled tag is checked, e.g. `1m`; on a stream, or on a spec tag. */
export const refreshIntervalAnnotation = `${ourPrefix}/refresh-interval`;
/** On a stream: `true` has `spec.dockerImageRepository` listed again and again, as `importPolicy.scheduled` does for a tag. */
export const scheduledAnnotation = `${ourPrefix}/scheduled`;
/** On a stream: which tags of `spec.dockerImageRepository` are imported; see `tag-filter.ts`. */
export const tagFilterAnnotation = `${ourPrefix}/tag-filter`;
/** On a stream: `true` stops what nobody asked for, refreshes on schedule and retries; see `suspension.ts`. */
export const suspendAnnotation = `${ourPrefix}/suspend`;

/** On a stream: which tags somebody rolled back, and to what. JSON, by tag; see `rollback.ts`. */
export const rollbacksAnnotation = `${ourPrefix}/rollbacks`;

/** On an Image, written by us: since when no stream refers to it (RFC 3339). Whoever is about to refer to it takes that away first. */
export const unreferencedSinceAnnotation = `${ourPrefix}/unreferenced-since`;

/** On a stream that `migrate` has not finished: its spec is still to come. */
export const migrationAnnotation = `${ourPrefix}/migration`;

/** OpenShift: time of the last import that changed the stream. */
export const repositoryCheckAnnotation = 'openshift.io/image.dockerRepositoryCheck';
/** OpenShift: `"true"` allows bad TLS and http for the whole stream. */
export const insecureRepositoryAnnotation = 'openshift.io/image.insecureRepository';
/** OpenShift: on a spec tag, the platform that a `Legacy` import prefers. */
export const preferArchAnnotation = 'importer.image.openshift.io/prefer-arch';
export const preferOsAnnotation = 'importer.image.openshift.io/prefer-os';
/** OpenShift: on a Secret, `"true"` hides it from imports. */
export const excludeSecretAnnotation = 'openshift.io/image.excludeSecret';
/** OpenShift: on an Image, the order of its layers. */
export const layersOrderAnnotation = 'image.openshift.io/dockerLayersOrder';
/** OpenShift: on a workload, the JSON list of its image triggers. */
export const triggersAnnotation = 'image.openshift.io/triggers';
/** On a workload: `follow` lets its triggers revert a rollback by hand at once; else it is held until the tag moves. */
export const onRollbackAnnotation = `${ourPrefix}/on-rollback`;
/** On a workload, written by us: which revision of a tag each triggered container had last. JSON, by field path. */
export const triggeredRevisionsAnnotation = `${ourPrefix}/triggered-revisions`;
/** On a workload, written by us: which containers are left alone because somebody else keeps setting them back. Removing it tries again. */
export const triggerBlockedAnnotation = `${ourPrefix}/trigger-blocked`;
/** On a Shipwright Build or a Tekton Pipeline: what its triggers start, as JSON; see `controllers/triggers/run-template.ts`. */
export const runTemplateAnnotation = `${ourPrefix}/run-template`;
/** Kubernetes: why a workload was changed; `kubectl rollout history` shows it. */
export const changeCauseAnnotation = 'kubernetes.io/change-cause';
