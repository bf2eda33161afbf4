import type { ImageStream } from '../../api/image-stream.ts';
import type { Stored } from '../../api/meta.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Lister } from '../../runtime/index.ts';
import type { RecordEvent } from '../ports.ts';
import type { Permissions } from '../references.ts';
import type { WorkloadAccess } from './access.ts';
import type { PatchBudget } from './budget.ts';
import type { OnTrigger } from './events.ts';

/** What every kind of trigger stands on. */
export type TriggerPorts = {
  readonly access: WorkloadAccess;
  readonly streams: Pick<Lister<Stored<ImageStream>>, 'get'>;
  readonly isPermitted: Permissions['isPermitted'];
  readonly budget: PatchBudget;
  readonly recordEvent: RecordEvent;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnTrigger;
};
