import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer } from '../../test/fakes/api-server.ts';
import { createManualClock } from '../../test/fakes/clock.ts';
import { systemClock } from '../lib/clock.ts';
import { ensureTls } from './tls.ts';

const dayMs = 24 * 60 * 60 * 1000;

describe('ensureTls', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tls-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('makes a certificate for loopback that its own authority vouches for', async () => {
    const { ca, cert } = await ensureTls({ directory, clock: systemClock });
    const certificate = new X509Certificate(cert);
    expect(certificate.verify(new X509Certificate(ca).publicKey)).toBe(true);
    for (const address of ['127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(new X509Certificate(ca).ca).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  it('lets only the owner read the keys', async () => {
    await ensureTls({ directory, clock: systemClock });
    for (const name of ['ca.key', 'server.key'])
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it('keeps what it made', async () => {
    const first = await ensureTls({ directory, clock: systemClock });
    expect(await ensureTls({ directory, clock: systemClock })).toEqual(first);
  });

  it('keeps what it made for an address, however that is written', async () => {
    const first = await ensureTls({ directory, clock: systemClock, hosts: ['2001:db8::1'] });
    const hosts = ['2001:db8:0:0:0:0:0:1'];
    expect(await ensureTls({ directory, clock: systemClock, hosts })).toEqual(first);
  });

  it('makes a new server certificate, by the same authority, before the old one expires', async () => {
    const clock = createManualClock();
    const first = await ensureTls({ directory, clock });
    await clock.advance(300 * dayMs);
    const second = await ensureTls({ directory, clock });
    expect(second.ca).toBe(first.ca);
    expect(second.cert).not.toBe(first.cert);
    expect(new X509Certificate(second.cert).validToDate.getTime()).toBeGreaterThan(clock.now() + 360 * dayMs);
  });

  it('makes everything new before the authority expires', async () => {
    const clock = createManualClock();
    const first = await ensureTls({ directory, clock });
    await clock.advance(3600 * dayMs);
    expect((await ensureTls({ directory, clock })).ca).not.toBe(first.ca);
  });

  it('makes a new server certificate for a host that the old one lacks', async () => {
    await ensureTls({ directory, clock: systemClock });
    const { cert } = await ensureTls({ directory, clock: systemClock, hosts: ['registry.example'] });
    expect(new X509Certificate(cert).checkHost('registry.example')).toBe('registry.example');
  });

  it('makes a new server certificate where another authority signed the old one', async () => {
    const first = await ensureTls({ directory, clock: systemClock });
    for (const name of ['ca.crt', 'ca.key']) await rm(join(directory, name));
    const { ca, cert } = await ensureTls({ directory, clock: systemClock });
    expect(cert).not.toBe(first.cert);
    expect(new X509Certificate(cert).verify(new X509Certificate(ca).publicKey)).toBe(true);
  });

  it('makes a new server certificate where the clock is before the old one', async () => {
    const clock = createManualClock();
    await ensureTls({ directory, clock });
    const earlier = createManualClock(clock.now() - 2 * dayMs);
    const { cert } = await ensureTls({ directory, clock: earlier });
    expect(new X509Certificate(cert).validFromDate.getTime()).toBeLessThan(earlier.now());
  });

  it('makes a new pair where a key is missing', async () => {
    const first = await ensureTls({ directory, clock: systemClock });
    await rm(join(directory, 'server.key'));
    const second = await ensureTls({ directory, clock: systemClock });
    expect(second.cert).not.toBe(first.cert);
    expect(await readFile(join(directory, 'server.key'), 'utf8')).toBe(second.key);
  });

  it('refuses a file that is no certificate', async () => {
    await ensureTls({ directory, clock: systemClock });
    await writeFile(join(directory, 'ca.crt'), 'not a certificate');
    await expect(ensureTls({ directory, clock: systemClock })).rejects.toThrow();
  });

  it('serves HTTPS that a client with the authority trusts', async () => {
    const { ca, ...tls } = await ensureTls({ directory, clock: systemClock });
    const api = await startTestServer({ tls });
    try {
      await api.server.listen('127.0.0.1', 0, new AbortController().signal);
      const status = await new Promise((resolve, reject) => {
        get(`${api.server.address()}/readyz`, { ca, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).on('error', reject);
      });
      expect(status).toBe(200);
    } finally {
      await api.close();
    }
  });
});
