import type { Group } from '../bench.ts';
import { clusterGroup } from './cluster.ts';
import { headlineGroup } from './headline.ts';
import { importGroup } from './import.ts';
import { latencyGroup } from './latency.ts';
import { loadGroup } from './load.ts';
import { recordGroup } from './record.ts';
import { refreshGroup } from './refresh.ts';
import { standaloneGroup } from './standalone.ts';
import { startGroup } from './start.ts';
import { storeGroup } from './store.ts';

/** All groups, in the order in which they run. */
export const groups: readonly Group[] = [
  importGroup,
  refreshGroup,
  startGroup,
  storeGroup,
  latencyGroup,
  standaloneGroup,
  clusterGroup,
  loadGroup,
  recordGroup,
  headlineGroup,
];
