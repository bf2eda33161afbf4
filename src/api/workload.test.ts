import { describe, expect, it } from 'vitest';
import { type Deployment, deployments } from './core.ts';
import { decode } from './decode.ts';
import { ContainerSchema, PodSpecSchema } from './workload.ts';

/** What `kubectl create deployment web --image=placeholder:1` sends, and a few fields of people's own manifests. */
const sent = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', creationTimestamp: null, labels: { app: 'web' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
    template: {
      metadata: { creationTimestamp: null, labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'placeholder',
            image: 'placeholder:1',
            resources: {},
            ports: [{ containerPort: 80 }],
            env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            volumeMounts: [{ name: 'data', mountPath: '/data', mountPropagation: 'None' }],
            stdin: true,
          },
        ],
        volumes: [{ name: 'data', emptyDir: {} }],
        hostNetwork: true,
      },
    },
  },
  status: {},
};

describe('the schema of a Deployment', () => {
  it('keeps what people write, known or not', () => {
    expect(decode<Deployment>(deployments.schema, sent)).toEqual({ value: sent, problems: [] });
  });

  it('knows what it knows', () => {
    const spec = { ...sent.spec, replicas: '1', template: { spec: { containers: [{ name: 1 }] } } };
    expect(decode(deployments.schema, { ...sent, spec }).problems.map(({ message }) => message)).toEqual([
      'json: cannot unmarshal string into Go struct field Deployment.spec.replicas of type int32',
      'json: cannot unmarshal number into Go struct field Deployment.spec.template.spec.containers[0].name of type string',
    ]);
  });

  it('says by which key each list merges', () => {
    const keysOf = (schema: { readonly properties: object }) =>
      Object.fromEntries(
        Object.entries(schema.properties as Record<string, Record<string, unknown>>).flatMap(
          ([name, property]) => {
            const keys = property['x-kubernetes-list-map-keys'];
            const patchKey = property['x-kubernetes-patch-merge-key'];
            return keys === undefined ? [] : [[name, patchKey === undefined ? keys : [keys, patchKey]]];
          },
        ),
      );
    expect(keysOf(ContainerSchema)).toEqual({
      env: ['name'],
      ports: [['containerPort', 'protocol'], 'containerPort'],
      volumeMounts: ['mountPath'],
    });
    expect(keysOf(PodSpecSchema)).toEqual({
      containers: ['name'],
      initContainers: ['name'],
      volumes: ['name'],
      imagePullSecrets: ['name'],
    });
  });
});
