export { defaultRetention, type Retention } from './compaction.ts';
export { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore } from './embedded.ts';
export { isStoreError, StoreError, type StoreErrorCode } from './errors.ts';
export { parseFieldSelector } from './field-selector.ts';
export { parseLabelSelector } from './label-selector.ts';
export { createMatcher, type Matcher, matchesFields, matchesLabels } from './selector.ts';
export type {
  DeleteOptions,
  FieldRequirement,
  LabelRequirement,
  ListOptions,
  ListResult,
  ObjectKey,
  Selection,
  Store,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './store.ts';
