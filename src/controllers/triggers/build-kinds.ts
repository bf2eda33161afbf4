import type { KubernetesObject } from '../../api/meta.ts';
import { objectSchema } from '../../api/meta.ts';
import { apiVersionOf, defineResource, type Resource } from '../../api/resource.ts';
import { openObject } from '../../api/schema.ts';

/** What a run of a build holds. */
export type RunObject = KubernetesObject & { readonly spec: Readonly<Record<string, unknown>> };

/** A kind that describes a build, and the kind of object that starts one. */
export type BuildKind = {
  readonly resource: Resource;
  readonly run: Resource<RunObject>;
  /** The spec of a run of that build, without anything more. */
  readonly specFor: (name: string) => Readonly<Record<string, unknown>>;
};

const open = (kind: string) => objectSchema(kind, `${kind} of another API.`, { spec: openObject() });

/** @see https://shipwright.io/docs/ref/api/build/ */
const shipwright: BuildKind = {
  resource: defineResource({
    group: 'shipwright.io',
    version: 'v1beta1',
    plural: 'builds',
    kind: 'Build',
    schema: open('Build'),
  }),
  run: defineResource<RunObject>({
    group: 'shipwright.io',
    version: 'v1beta1',
    plural: 'buildruns',
    kind: 'BuildRun',
    schema: open('BuildRun'),
  }),
  specFor: (name) => ({ build: { name } }),
};

/** @see https://tekton.dev/docs/pipelines/pipelineruns/ */
const tekton: BuildKind = {
  resource: defineResource({
    group: 'tekton.dev',
    plural: 'pipelines',
    kind: 'Pipeline',
    schema: open('Pipeline'),
  }),
  run: defineResource<RunObject>({
    group: 'tekton.dev',
    plural: 'pipelineruns',
    kind: 'PipelineRun',
    schema: open('PipelineRun'),
  }),
  specFor: (name) => ({ pipelineRef: { name } }),
};

/** Every kind that describes builds; a cluster may have all of them, or none. */
export const buildKinds: readonly BuildKind[] = [shipwright, tekton];

/** The kind of run as an object names it. */
export const typeOfRun = ({ run }: BuildKind) => ({ apiVersion: apiVersionOf(run), kind: run.kind });
