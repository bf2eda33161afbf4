import { describe, expect, it } from 'vitest';
import { createCliWorld } from '../../../test/fakes/cli.ts';

const findings = [
  { check: 'TLS', finding: 'yes', detail: 'the certificate verifies' },
  { check: 'referrers API', finding: 'no', detail: 'status 404' },
];

describe('probe', () => {
  it('prints a table, and asks what it was told to', async () => {
    const asked: unknown[] = [];
    const world = createCliWorld({
      probeRegistry: async (target, options) => {
        asked.push(target, options);
        return findings;
      },
    });
    const { stdout, exitCode } = await world.run('probe quay.io/team/app --insecure');
    expect(stdout).toBe(
      [
        'CHECK           FINDING   DETAIL',
        'TLS             yes       the certificate verifies',
        'referrers API   no        status 404',
        '',
      ].join('\n'),
    );
    expect(exitCode).toBe(0);
    expect(asked).toEqual(['quay.io/team/app', { insecure: true }]);
  });

  it('prints JSON for programs', async () => {
    const world = createCliWorld({ probeRegistry: async () => findings });
    expect(JSON.parse((await world.run('probe quay.io -o json')).stdout)).toEqual(findings);
  });

  it('refuses other formats before it asks anybody', async () => {
    const { exitCode, stderr } = await createCliWorld().run('probe quay.io -o xml');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('-o "xml" is none of table, json, yaml');
  });
});
