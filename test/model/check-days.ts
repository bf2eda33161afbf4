import { expect } from 'vitest';
import { type Days, type DaysOptions, type Followed, simulateDays } from './days.ts';

const hourMs = 3_600_000;
/** What a question may take beyond its slot: its answer, its turn at the gate, tries after an outage. */
const answerMs = 60_000;

/** How long a value stood while its registry answered; what of an outage is left over does not count as time. */
const soundMs = ({ outages }: Days, { host }: Followed, fromMs: number, toMs: number): number =>
  outages
    .filter((outage) => outage.host === host)
    .reduce((sum, outage) => {
      const overlapMs = Math.min(toMs, outage.toMs) - Math.max(fromMs, outage.fromMs);
      // A slot before an outage and one after it may lie an interval apart: both sides count, but not as one.
      return overlapMs <= 0 ? sum : Math.max(outage.fromMs - fromMs, toMs - outage.toMs);
    }, toMs - fromMs);

/** Values that nobody who looks once in each interval can miss. */
const certain = (days: Days, source: Followed, endMs: number): readonly string[] =>
  source.values
    .filter(({ atMs }, index) => {
      const untilMs = source.values[index + 1]?.atMs ?? endMs;
      return soundMs(days, source, atMs, untilMs) >= source.intervalMs + answerMs;
    })
    .map(({ digest }) => digest);

/** What is expected of whoever follows these sources, by no other knowledge than what they are and when their registries answered. */
const expectedRequests = (days: Days, hours: number): { readonly heads: number; readonly gets: number } => {
  let heads = 0;
  let gets = 0;
  for (const source of days.sources) {
    const downMs = days.outages
      .filter(({ host }) => host === source.host)
      .reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    const asked = Math.floor((hours * hourMs - downMs) / source.intervalMs);
    for (const user of new Set(source.streams.map((stream) => stream.user))) {
      const follower = source.streams.find((stream) => stream.user === user);
      heads += asked;
      const history = days.histories.get(`${follower?.namespace}/${follower?.name}`) ?? [];
      // A manifest and a config for each image after the first.
      gets += 2 * (history.length - 1);
    }
  }
  return { heads, gets };
};

/** Simulates, and holds what came of it against what users are promised. `slack`: requests that are allowed besides one in a hundred. */
export const checkDays = async (options: DaysOptions, slack: number): Promise<void> => {
  const days = await simulateDays(options);
  const endMs = options.hours * hourMs;
  for (const source of days.sources) {
    const must = certain(days, source, endMs);
    const may = source.values.map(({ digest }) => digest);
    for (const { namespace, name } of source.streams) {
      const history = (days.histories.get(`${namespace}/${name}`) ?? []).map(({ image }) => image);
      expect(must.filter((digest) => !history.includes(digest))).toEqual([]);
      expect(history.at(-1)).toBe(may.at(-1));
      // Nothing twice and nothing out of order.
      expect(history).toEqual(may.filter((digest) => history.includes(digest)));
    }
  }
  const entries = [...days.histories.values()].reduce((sum, history) => sum + history.length, 0);
  expect(days.told.filter(({ type }) => type === 'TagCreated' || type === 'TagMoved')).toHaveLength(entries);

  // The imports of all streams at once have the gate at its limit, so that this says something.
  expect(Math.max(...days.hosts.map(days.wire.peak))).toBe(options.concurrency);

  const answered = days.wire.requests.filter(({ status }) => status === 200);
  const { heads, gets } = expectedRequests(days, options.hours);
  const tolerated = (expected: number): number => expected * 0.01 + slack;
  const headCount = answered.filter(({ method }) => method === 'HEAD').length;
  expect(Math.abs(headCount - heads), `${headCount} HEADs, ${heads} expected`).toBeLessThanOrEqual(
    tolerated(heads),
  );
  const getCount = answered.length - headCount;
  expect(Math.abs(getCount - gets), `${getCount} GETs, ${gets} expected`).toBeLessThanOrEqual(
    tolerated(gets),
  );
};
