import { describe, expect, it } from 'vitest';
import { createCliWorld } from '../../../test/fakes/cli.ts';
import type { ReferenceChange } from '../ports.ts';

/** Reports `changes`, then waits as the real one does, and rejects with the reason. */
const reporting = (changes: readonly ReferenceChange[]) =>
  async function* (_reference: string, signal: AbortSignal): AsyncGenerator<ReferenceChange> {
    yield* changes;
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
    });
  };

const moved = { kind: 'moved', oldDigest: 'sha256:1', newDigest: 'sha256:2' } as const;

describe('watch', () => {
  it('tells moves on standard output, the rest on standard error, and ends well when interrupted', async () => {
    const world = createCliWorld({
      changes: reporting([
        { kind: 'resolved', digest: 'sha256:1' },
        { kind: 'failed', message: 'no answer' },
        { kind: 'recovered', digest: 'sha256:1' },
        moved,
      ]),
    });
    const running = world.run('watch quay.io/a/b:v1');
    await expect.poll(() => world.written.stdout).toContain('→');
    world.interrupt();
    expect(await running).toEqual({
      exitCode: 0,
      stdout: 'quay.io/a/b:v1 sha256:1 → sha256:2\n',
      stderr:
        'quay.io/a/b:v1 is at sha256:1\nerror: quay.io/a/b:v1: no answer\nquay.io/a/b:v1 is at sha256:1 as before\n',
    });
  });

  it('follows several references at a time, each at the interval and with the security that was asked for', async () => {
    const seen: unknown[] = [];
    const world = createCliWorld();
    const run = await (async () => {
      const { watch } = await import('./watch.ts');
      return watch(
        {
          ...world.ports,
          watchReference: async function* (reference, options) {
            seen.push({ reference, ...options });
            yield* [];
          },
        },
        ['a', 'b'],
        { interval: '30s', insecure: true },
      );
    })();
    expect(run).toBeUndefined();
    expect(seen).toEqual([
      { reference: 'a', intervalMs: 30_000, insecure: true },
      { reference: 'b', intervalMs: 30_000, insecure: true },
    ]);
  });

  it('runs a command for every move, with what moved in its environment', async () => {
    const world = createCliWorld({
      env: { PATH: process.env['PATH'] ?? '' },
      changes: reporting([{ kind: 'resolved', digest: 'sha256:1' }, moved]),
    });
    const command =
      'echo "$IMAGESTREAMS_REFERENCE from $IMAGESTREAMS_OLD_DIGEST to $IMAGESTREAMS_NEW_DIGEST"';
    const { ports } = { ports: { ...world.ports, cwd: process.cwd() } };
    const { watch } = await import('./watch.ts');
    const running = watch(ports, ['nginx'], { exec: command });
    await expect.poll(() => world.written.stdout).toContain('from');
    world.interrupt();
    await running;
    expect(world.written.stdout).toBe('nginx sha256:1 → sha256:2\nnginx from sha256:1 to sha256:2\n');
  });

  it('says how a command failed and goes on', async () => {
    const world = createCliWorld({
      env: { PATH: process.env['PATH'] ?? '' },
      changes: reporting([moved, { ...moved, newDigest: 'sha256:3' }]),
    });
    const { watch } = await import('./watch.ts');
    const running = watch({ ...world.ports, cwd: process.cwd() }, ['nginx'], {
      exec: 'echo oops >&2; exit 4',
    });
    const line = 'oops\nerror: nginx: "echo oops >&2; exit 4" ended with exit code 4\n';
    await expect.poll(() => world.written.stderr).toBe(line + line);
    world.interrupt();
    await running;
  });

  it('fails where a reference cannot be followed at all', async () => {
    const world = createCliWorld({
      changes: () => {
        throw new TypeError('a bug');
      },
    });
    await expect(world.run('watch nginx')).rejects.toThrow('a bug');
  });
});
