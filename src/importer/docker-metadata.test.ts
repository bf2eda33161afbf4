import { describe, expect, it } from 'vitest';
import { dockerMetadata } from './docker-metadata.ts';

const of = (config: Readonly<Record<string, unknown>>) => dockerMetadata({ id: 'sha256:c', config, size: 7 });

describe('dockerMetadata', () => {
  it('shows an artifact, whose config says nothing of an image, with id and size alone', () => {
    expect(of({ name: 'chart', version: '0.1.0' })).toEqual({
      kind: 'DockerImage',
      apiVersion: 'image.openshift.io/1.0',
      Id: 'sha256:c',
      Created: null,
      ContainerConfig: {},
      Size: 7,
    });
  });

  it('shows every field of the config in the casing of docker inspect', () => {
    const shown = of({
      parent: 'sha256:p',
      comment: 'built',
      created: '2026-01-02T03:04:05Z',
      container: 'abc',
      container_config: { Cmd: ['/bin/sh'] },
      docker_version: '20.10.24',
      author: 'Ada',
      architecture: 'arm64',
      os: 'linux',
      config: {
        Hostname: 'h',
        Domainname: 'd',
        User: '1001',
        Memory: 1,
        MemorySwap: 2,
        CpuShares: 3,
        Cpuset: '0-1',
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        PortSpecs: ['80'],
        ExposedPorts: { '8080/tcp': {} },
        Tty: true,
        OpenStdin: true,
        StdinOnce: true,
        Env: ['A=1'],
        Cmd: ['serve'],
        Dns: ['1.1.1.1'],
        Image: 'sha256:i',
        Volumes: { '/data': {} },
        VolumesFrom: 'v',
        WorkingDir: '/app',
        Entrypoint: ['/app/run'],
        NetworkDisabled: true,
        SecurityOpts: ['x'],
        OnBuild: ['RUN y'],
        Labels: { a: 'b' },
      },
    });
    expect(shown).toMatchObject({
      Parent: 'sha256:p',
      Comment: 'built',
      Created: '2026-01-02T03:04:05Z',
      Container: 'abc',
      ContainerConfig: { Cmd: ['/bin/sh'] },
      DockerVersion: '20.10.24',
      Author: 'Ada',
      Architecture: 'arm64',
    });
    expect(Object.keys(shown['Config'] as object)).toHaveLength(27);
    expect(shown).not.toHaveProperty('Os');
  });

  it('drops what the original does not know: health check, stop signal, root file system, history', () => {
    const shown = of({
      config: { User: 'u', Healthcheck: { Test: ['CMD', 'true'] }, StopSignal: 'SIGTERM', Shell: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [{}],
    });
    expect(shown['Config']).toEqual({ User: 'u' });
    expect(shown).not.toHaveProperty('rootfs');
    expect(shown).not.toHaveProperty('history');
  });

  it('leaves out empty fields, and keeps an empty config as such', () => {
    const empty = { User: '', Env: [], ExposedPorts: {}, Labels: {}, Tty: false, Memory: 0, OnBuild: null };
    expect(of({ author: '', config: empty })).toEqual({ ...of({}), Config: {} });
    expect(of({ config: null })).toEqual(of({}));
  });

  it('leaves out a field of the wrong type, and only that', () => {
    const shown = of({ author: 7, config: { Cmd: 'serve', Env: ['A=1', 2], Labels: { a: 1 }, User: 'u' } });
    expect(shown).not.toHaveProperty('Author');
    expect(shown['Config']).toEqual({ User: 'u' });
  });

  it('keeps a label named like a member of Object', () => {
    const config = JSON.parse('{"config": {"Labels": {"__proto__": "x", "constructor": "y"}}}');
    const labels = (of(config)['Config'] as { Labels: object }).Labels;
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it.each([
    {
      name: 'without fractions',
      created: '2026-01-02T03:04:05.678901234Z',
      expected: '2026-01-02T03:04:05Z',
    },
    { name: 'in UTC', created: '2026-01-02T03:04:05+02:00', expected: '2026-01-02T01:04:05Z' },
    { name: 'of the epoch', created: '1970-01-01T00:00:00Z', expected: '1970-01-01T00:00:00Z' },
    { name: 'of nowhen as null', created: '0001-01-01T00:00:00Z', expected: null },
    { name: 'that is no date as null', created: '2026-13-45T00:00:00Z', expected: null },
    { name: 'in another format as null', created: 'yesterday', expected: null },
    { name: 'that is missing as null', created: undefined, expected: null },
  ])('shows a creation time $name', ({ created, expected }) => {
    expect(of({ created })['Created']).toBe(expected);
  });
});
