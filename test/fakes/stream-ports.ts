import { createStreamRules } from '../../src/apiserver/resources/stream-rules.ts';
import { createStreamWriter } from '../../src/apiserver/resources/stream-writer.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createManualClock } from './clock.ts';
import type { MemoryStore } from './store.ts';

/** What the storages of streams and tags stand on, over a store in memory. */
export const streamPortsOf = (store: MemoryStore, clock: Clock = createManualClock()) => {
  const rules = createStreamRules({ store, clock, historyLimit: 20 });
  return { store, clock, rules, writer: createStreamWriter({ store, rules }) };
};
