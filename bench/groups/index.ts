import type { Group } from '../bench.ts';
import { importGroup } from './import.ts';
import { recordGroup } from './record.ts';
import { refreshGroup } from './refresh.ts';
import { startGroup } from './start.ts';

/** All groups, in the order in which they run. */
export const groups: readonly Group[] = [importGroup, refreshGroup, startGroup, recordGroup];
