import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { parseProtobufBody } from './protobuf.ts';

const fixture = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, `../../test/fixtures/protobuf/${name}.pb`));
const metadata = (name: string) => ({ name, creationTimestamp: null });

const webDeployment = (spec: object, containers: readonly object[]) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { ...metadata('web'), labels: { app: 'web' } },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { creationTimestamp: null, labels: { app: 'web' } }, spec: { containers } },
    strategy: {},
    ...spec,
  },
  status: {},
});

/** The expected objects are what the same commands print with `--dry-run=client -o json`. */
describe('parseProtobufBody', () => {
  const rows = [
    {
      name: 'namespace',
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: metadata('team'), spec: {}, status: {} },
    },
    {
      name: 'secret-generic',
      object: { apiVersion: 'v1', kind: 'Secret', metadata: metadata('s'), data: { a: 'Yg==' } },
    },
    {
      name: 'secret-docker',
      object: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: metadata('d'),
        type: 'kubernetes.io/dockerconfigjson',
        data: {
          '.dockerconfigjson': Buffer.from(
            '{"auths":{"x.io":{"username":"u","password":"p","auth":"dTpw"}}}',
          ).toString('base64'),
        },
      },
    },
    {
      name: 'configmap',
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('c'), data: { a: 'b' } },
    },
    {
      name: 'deployment',
      object: webDeployment({ replicas: 0 }, [
        { name: 'nginx', image: 'nginx', resources: {} },
        { name: 'redis', image: 'redis', resources: {} },
      ]),
    },
    {
      name: 'deployment-port',
      object: webDeployment({ replicas: 1 }, [
        { name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} },
      ]),
    },
    {
      name: 'deployment-command',
      object: webDeployment({ replicas: 2 }, [
        { name: 'nginx', image: 'nginx', command: ['sh', '-c', 'sleep 1', '-v=10'], resources: {} },
      ]),
    },
    {
      name: 'can-i',
      object: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: { creationTimestamp: null },
        spec: { resourceAttributes: { namespace: 'default', verb: 'get', resource: 'secrets', name: 'x' } },
        status: {},
      },
    },
  ];
  for (const { name, object } of rows)
    it(`reads the ${name} that kubectl sends`, () => {
      expect(parseProtobufBody(fixture(name))).toEqual(object);
    });

  const codeOf = (bytes: Uint8Array): number | undefined => {
    try {
      parseProtobufBody(bytes);
      return undefined;
    } catch (error) {
      return (error as { status?: { code?: number } }).status?.code;
    }
  };
  const wrap = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array => {
    const writer = protobuf.Writer.create();
    writer.uint32(10).fork().uint32(10).string(apiVersion).uint32(18).string(kind).ldelim();
    writer.uint32(18).bytes(raw);
    return Buffer.concat([Buffer.from('k8s\0'), writer.finish()]);
  };

  it('refuses fields that it would lose', () => {
    const volumes = protobuf.Writer.create()
      .uint32(8 * 99 + 2)
      .string('x')
      .finish();
    expect(() => parseProtobufBody(wrap('v1', 'ConfigMap', volumes))).toThrow(
      'field 99 of ConfigMap is not understood',
    );
  });

  it('refuses a kind that it does not read with 415', () => {
    expect(codeOf(wrap('v1', 'Pod', new Uint8Array()))).toBe(415);
  });

  it('answers damaged bytes with 400, whatever the damage', () => {
    const bytes = fixture('deployment');
    expect(codeOf(Buffer.from('{}'))).toBe(400);
    for (let length = 4; length < bytes.length; length += 1)
      expect([undefined, 400, 415]).toContain(codeOf(bytes.subarray(0, length)));
    for (let index = 4; index < bytes.length; index += 1) {
      const damaged = Buffer.from(bytes);
      damaged[index] = (damaged[index] ?? 0) ^ 0xff;
      expect([undefined, 400, 415]).toContain(codeOf(damaged));
    }
  });
});
