import type fc from 'fast-check';
import type { Command } from './command.ts';
import {
  changeRepository,
  jump,
  push,
  pushFollowed,
  restart,
  setHost,
  setPassword,
  setSink,
  troubleElsewhere,
  unpush,
  wait,
} from './outside.ts';
import {
  dropTag,
  removeStream,
  removeWhileImporting,
  request,
  resume,
  rollBack,
  setTag,
  suspend,
} from './users.ts';

export { sources } from './command.ts';
export { followSome } from './users.ts';

/** Everything that can happen, what matters most often. */
export const allCommands: fc.Arbitrary<Command>[] = [
  setTag,
  setTag,
  push,
  pushFollowed,
  pushFollowed,
  pushFollowed,
  pushFollowed,
  pushFollowed,
  changeRepository,
  wait,
  wait,
  wait,
  wait,
  setHost,
  setHost,
  request,
  rollBack,
  resume,
  suspend,
  suspend,
  dropTag,
  removeStream,
  removeWhileImporting,
  unpush,
  troubleElsewhere,
  setPassword,
  setSink,
  restart,
  restart,
  jump,
];
