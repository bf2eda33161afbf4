import { applying, serverSideApply } from './groups/applying.ts';
import { discovery } from './groups/discovery.ts';
import { creating, deployments, eventing, streams } from './groups/kinds.ts';
import { reading, watching } from './groups/reading.ts';
import { refusing } from './groups/refusing.ts';
import { changing, deleting } from './groups/writing.ts';
import type { Group } from './row.ts';

/** Every command line that this server is compared by with a real kube-apiserver. */
export const table: readonly Group[] = [
  watching,
  changing,
  discovery,
  refusing,
  reading,
  applying,
  serverSideApply,
  deleting,
  creating,
  deployments,
  eventing,
  streams,
];
