import fc from 'fast-check';
import { type Content, type Kind, kinds } from './kinds.ts';

/** The version that a write names: none, that of the object as it is, or one from before. */
export type Version = 'none' | 'newest' | 'stale';

type Target = { readonly name: string; readonly manager: string; readonly dryRun: boolean };

/** One change of a patch: null takes away. */
export type Change = { readonly at: 'labels' | 'annotations'; readonly to: string | null };

/** One call. */
export type Command = Target &
  (
    | { readonly verb: 'create'; readonly content: Content; readonly generated: boolean }
    | {
        readonly verb: 'update';
        readonly content: Content;
        readonly version: Version;
        readonly foreignUid: boolean;
      }
    | {
        readonly verb: 'merge' | 'strategic';
        readonly version: Version;
        readonly changes: readonly Change[];
        readonly items: Readonly<Record<string, string | null>>;
        readonly finalizers: readonly string[] | undefined;
      }
    | {
        readonly verb: 'json';
        readonly op: 'add' | 'replace' | 'remove' | 'test';
        readonly at: Change['at'];
        readonly value: string;
      }
    | {
        readonly verb: 'apply';
        readonly content: Content;
        readonly force: boolean;
        readonly version: 'none' | 'stale';
      }
    | { readonly verb: 'status'; readonly value: string }
    | { readonly verb: 'delete'; readonly version: Version; readonly foreignUid: boolean }
    | { readonly verb: 'deletecollection'; readonly label: string | undefined }
    | { readonly verb: 'get' }
    | {
        readonly verb: 'list';
        readonly revision: 'cache' | 'exact' | 'notOlderThan' | 'future';
        /** How far back, as a share of the program so far. */
        readonly age: number;
        readonly label: string | undefined;
      }
  );

export type Program = { readonly kind: Kind['kind']; readonly commands: readonly Command[] };

/** Key and finalizers that programs use. */
export const mapKey = 'a';
const finalizers = ['example.com/f', 'example.com/g'];

const value = fc.constantFrom('1', '2');
const mostly = <T>(usual: T, weight: number, ...others: readonly T[]) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight }, { arbitrary: fc.constantFrom(...others), weight: 1 });
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const map = some(value).map((given) => (given === undefined ? {} : { [mapKey]: given }));
const items = fc.dictionary(fc.constantFrom('i', 'j'), value, { maxKeys: 2 });
const held = fc.oneof(
  { arbitrary: fc.constant<readonly string[]>([]), weight: 4 },
  { arbitrary: fc.subarray(finalizers), weight: 1 },
);
const content: fc.Arbitrary<Content> = fc.record({ labels: map, annotations: map, finalizers: held, items });

/** Who applies says something: of those that say nothing servers keep records in different ways. */
const applied = content.filter((given) =>
  [given.labels, given.annotations, given.finalizers, given.items].some(
    (part) => Object.keys(part).length > 0,
  ),
);

const version = mostly<Version>('newest', 4, 'none', 'stale');
const target = {
  name: fc.constantFrom('one', 'two'),
  manager: fc.constantFrom('ann', 'bob'),
  dryRun: mostly(false, 9, true),
};
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.constantFrom('labels', 'annotations'),
  to: fc.option(value, { nil: null }),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ ...target, verb: fc.constant('create'), content, generated: mostly(false, 6, true) }),
  fc.record({ ...target, verb: fc.constant('update'), content, version, foreignUid: mostly(false, 8, true) }),
  fc.record({
    ...target,
    verb: fc.constantFrom('merge', 'strategic'),
    version: mostly<Version>('none', 4, 'newest', 'stale'),
    changes: fc.array(change, { maxLength: 2 }),
    items: fc.dictionary(fc.constantFrom('i', 'j'), fc.option(value, { nil: null }), { maxKeys: 2 }),
    finalizers: some(fc.subarray(finalizers)),
  }),
  fc.record({
    ...target,
    verb: fc.constant('json'),
    op: fc.constantFrom('add', 'replace', 'remove', 'test'),
    at: fc.constantFrom('labels', 'annotations'),
    value,
  }),
  ...[1, 2].map(() =>
    fc.record({
      ...target,
      verb: fc.constant('apply'),
      content: applied,
      force: fc.boolean(),
      version: mostly<'none' | 'stale'>('none', 9, 'stale'),
    }),
  ),
  fc.record({ ...target, verb: fc.constant('status'), value: fc.constantFrom('True', 'False') }),
  fc.record({
    ...target,
    verb: fc.constant('delete'),
    version: mostly<Version>('none', 4, 'newest', 'stale'),
    foreignUid: mostly(false, 8, true),
  }),
  fc.oneof(
    { arbitrary: fc.record({ ...target, verb: fc.constant('get') }), weight: 1 },
    {
      arbitrary: fc.record({ ...target, verb: fc.constant('deletecollection'), label: some(value) }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        ...target,
        verb: fc.constant('list'),
        revision: fc.constantFrom('cache', 'exact', 'exact', 'notOlderThan', 'future'),
        age: fc.double({ min: 0, max: 1, noNaN: true }),
        label: some(value),
      }),
      weight: 2,
    },
  ),
) as fc.Arbitrary<Command>;

/** Programs of one kind each. */
export const programs: fc.Arbitrary<Program> = fc.record({
  kind: fc.constantFrom(...kinds.map(({ kind }) => kind)),
  commands: fc.array(command, { minLength: 1, maxLength: 20, size: 'max' }),
});
