import { createStreamRules } from '../../src/apiserver/resources/stream-rules.ts';
import { createStreamWriter } from '../../src/apiserver/resources/stream-writer.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { createManualClock } from './clock.ts';

/** What the storages of streams and tags stand on. */
export const streamPortsOf = <S extends Store>(store: S, clock: Clock = createManualClock()) => {
  const rules = createStreamRules({ store, clock, historyLimit: 20 });
  return { store, clock, rules, writer: createStreamWriter({ store, rules }) };
};
