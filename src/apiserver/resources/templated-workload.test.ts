import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { formatFieldError } from '../../api/field-error.ts';
import { schemaOf } from '../json-schema.ts';
import { strategicMergePatch } from '../strategic-merge-patch.ts';
import { templatedStrategies } from './templated-workload.ts';

const podSpec = (containers: readonly object[]) => ({ template: { spec: { containers } } });

/** The three kinds, each with the way to put a pod spec into it. */
const kinds = templatedStrategies.map((strategy) => {
  const { kind, group } = strategy.resource;
  const make = (containers: readonly object[]) => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: 'web', namespace: 'ns', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec:
      kind === 'CronJob'
        ? { schedule: '@daily', jobTemplate: { spec: podSpec(containers) } }
        : podSpec(containers),
  });
  return [kind, strategy, make] as const;
});

describe.each(kinds)('a %s', (_kind, strategy, make) => {
  const problems = async (containers: readonly object[]): Promise<readonly string[]> =>
    ((await strategy.validate?.(make(containers), aRestContext())) ?? []).map(formatFieldError);

  it('needs containers with names of their own and images', async () => {
    expect(await problems([{ name: 'a', image: 'x' }])).toEqual([]);
    expect(await problems([])).toEqual([
      expect.stringMatching(/template\.spec\.containers: Required value$/),
    ]);
    expect(await problems([{ name: 'a', image: 'x' }, { name: 'a' }])).toEqual([
      expect.stringContaining('containers[1].name: Duplicate value: "a"'),
      expect.stringContaining('containers[1].image: Required value'),
    ]);
  });

  it('merges containers by name', () => {
    const merged = strategicMergePatch(
      make([
        { name: 'a', image: 'x:1', command: ['run'] },
        { name: 'b', image: 'y' },
      ]),
      { spec: make([{ name: 'a', image: 'x:2' }]).spec },
      schemaOf(strategy.resource),
    );
    expect(merged).toMatchObject(
      make([
        { name: 'a', image: 'x:2', command: ['run'] },
        { name: 'b', image: 'y' },
      ]),
    );
  });

  it('prints its images', () => {
    expect(strategy.columns.map((column) => column.cell(make([{ name: 'a', image: 'x' }]), 0))).toContain(
      'x',
    );
  });
});
