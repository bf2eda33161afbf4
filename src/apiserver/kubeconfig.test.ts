import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeKubeconfig } from './kubeconfig.ts';

describe('writeKubeconfig', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const options = { server: 'https://127.0.0.1:1', ca: 'PEM', token: 'secret', userName: 'admin' };

  it('leads to the server, for its owner alone', async () => {
    const path = join(directory, 'kubeconfig');
    await writeFile(path, 'old', { mode: 0o644 });
    await writeKubeconfig({ path, ...options });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(parse(await readFile(path, 'utf8'))).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'imagestreams',
          cluster: { server: 'https://127.0.0.1:1', 'certificate-authority-data': 'UEVN' },
        },
      ],
      users: [{ name: 'admin', user: { token: 'secret' } }],
      contexts: [
        {
          name: 'imagestreams',
          context: { cluster: 'imagestreams', user: 'admin', namespace: 'default' },
        },
      ],
      'current-context': 'imagestreams',
    });
  });

  it('leaves nothing behind where it cannot write', async () => {
    await expect(
      writeKubeconfig({ path: join(directory, 'missing', 'kubeconfig'), ...options }),
    ).rejects.toThrow('ENOENT');
  });
});
