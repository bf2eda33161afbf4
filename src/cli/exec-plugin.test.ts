import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runExecPlugin } from './exec-plugin.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const never = new AbortController().signal;
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plugin-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const answer = (status: object, version = apiVersion): string =>
  JSON.stringify({ apiVersion: version, kind: 'ExecCredential', status });

/** Writes a plugin that is a shell script, beside the kubeconfig. */
const script = (text: string): void => {
  writeFileSync(join(directory, 'sign-in'), `#!/bin/sh\n${text}\n`);
  chmodSync(join(directory, 'sign-in'), 0o755);
};

const run = async (exec: object, more: { readonly signal?: AbortSignal; readonly cluster?: object } = {}) => {
  let stderr = '';
  const ports = {
    env: { PATH: '/usr/bin:/bin', HOME: '/home/me' },
    stderr: { write: (text: string) => void (stderr += text) },
    signal: more.signal ?? never,
  };
  const user = { fields: { exec: { apiVersion, command: './sign-in', ...exec } }, directory };
  const outcome: unknown = await runExecPlugin(user, { ...more.cluster }, '/kube/config', ports).catch(
    (error: unknown) => error,
  );
  return { outcome, stderr };
};

describe('runExecPlugin', () => {
  it('runs the program beside the kubeconfig and takes its token', async () => {
    script(`echo '${answer({ token: 'sesame', expirationTimestamp: '2026-11-23T12:00:00Z' })}'`);
    expect(await run({})).toEqual({
      outcome: { token: 'sesame', expiresAtMs: Date.UTC(2026, 10, 23, 12) },
      stderr: '',
    });
  });

  it('takes a certificate with its key', async () => {
    script(`echo '${answer({ clientCertificateData: 'CERT', clientKeyData: 'KEY' })}'`);
    expect((await run({})).outcome).toEqual({ certificate: 'CERT', key: 'KEY' });
  });

  it('gives arguments, environment, and what it knows of the cluster where the kubeconfig says so', async () => {
    const status = '{"token": "\'"$1 $2 $MINE $HOME"\'"}';
    script(
      `echo '{"apiVersion": "${apiVersion}", "kind": "ExecCredential", "status": ${status}}'; echo "$KUBERNETES_EXEC_INFO" >&2`,
    );
    const exec = { args: ['get', 'token'], env: [{ name: 'MINE', value: 'x' }] };
    const cluster = { server: 'https://c.example' };
    const told = await run({ ...exec, provideClusterInfo: true }, { cluster });
    expect(told.outcome).toEqual({ token: 'get token x /home/me' });
    const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
    expect(JSON.parse(told.stderr)).toEqual({ ...info, spec: { interactive: false, cluster } });
    expect(JSON.parse((await run({ ...exec }, { cluster })).stderr)).toEqual(info);
  });

  it('says how to install a program that is missing', async () => {
    const installHint = 'Get it from https://plugins.example\n';
    const { outcome } = await run({ command: 'no-such-plugin', installHint });
    expect(outcome).toMatchObject({
      code: 'failed',
      message:
        'the exec plugin "no-such-plugin", by which /kube/config signs in, cannot be run: it is not in PATH\n\n' +
        'Get it from https://plugins.example',
    });
    const { outcome: beside } = await run({ command: './none' });
    expect(String(beside)).toContain(
      `"${directory}/none", by which /kube/config signs in, cannot be run: there is no`,
    );
  });

  it('says that a program may not be executed', async () => {
    writeFileSync(join(directory, 'sign-in'), 'text');
    expect(String((await run({})).outcome)).toContain('it may not be executed');
  });

  it('passes on the complaints of one that fails', async () => {
    script('echo "log in first" >&2; exit 3');
    const { outcome, stderr } = await run({});
    expect(stderr).toBe('log in first\n');
    expect(outcome).toMatchObject({ code: 'failed' });
    expect(String(outcome)).toContain('ended with exit code 3');
  });

  const answers = [
    { name: 'no JSON', text: 'token: secret-1', says: 'answered no JSON' },
    { name: 'another kind', text: '{"kind": "Secret", "x": "secret-1"}', says: 'answered no ExecCredential' },
    {
      name: 'another version',
      text: answer({ token: 'secret-1' }, 'client.authentication.k8s.io/v1beta1'),
      says: `answered no ExecCredential of ${apiVersion}`,
    },
    { name: 'nothing', text: answer({}), says: 'neither a token nor a certificate' },
    { name: 'half a pair', text: answer({ token: 'secret-1', clientKeyData: 'k' }), says: 'a key alone' },
  ];
  for (const { name, text, says } of answers) {
    it(`refuses ${name}, and quotes nothing of it`, async () => {
      script(`echo '${text}'`);
      const { outcome } = await run({});
      expect(String(outcome)).toContain(says);
      expect(String(outcome)).not.toContain('secret-1');
    });
  }

  it('refuses an entry that it cannot follow', async () => {
    expect((await run({ command: undefined })).outcome).toMatchObject({ code: 'usage' });
    const old = await run({ apiVersion: 'client.authentication.k8s.io/v1alpha1' });
    expect(String(old.outcome)).toContain('speaks "client.authentication.k8s.io/v1alpha1"');
    expect(String((await run({ interactiveMode: 'Always' })).outcome)).toContain('there is no terminal');
  });

  it('ends a program that is not waited for any more', async () => {
    script('exec sleep 600');
    const stop = new AbortController();
    const running = run({}, { signal: stop.signal });
    stop.abort(new Error('SIGINT'));
    expect(String((await running).outcome)).toBe('Error: SIGINT');
  });
});
