/** One place where two answers differ; `undefined` means that there is nothing. */
export type Difference = { readonly path: string; readonly golden: unknown; readonly ours: unknown };

/** Times, uids and revisions: no two runs agree on them. */
const volatile = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'created',
  'lastTransitionTime',
  'lastUpdateTime',
  'time',
  'openshift.io/image.dockerRepositoryCheck',
]);

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists of objects with one of these are compared by it, so that one more item is one difference and not many. */
const listKeys = ['name', 'tag', 'type', 'digest'] as const;

const keyOf = (item: unknown): string | undefined => {
  if (!isMap(item)) return undefined;
  const metadata = item['metadata'];
  if (isMap(metadata) && typeof metadata['name'] === 'string') return metadata['name'];
  const key = listKeys.map((candidate) => item[candidate]).find((value) => typeof value === 'string');
  return typeof key === 'string' ? key : undefined;
};

const asKeyed = (list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined => {
  const keys = list.map(keyOf);
  const isKeyed = keys.every((key) => key !== undefined) && new Set(keys).size === keys.length;
  return isKeyed ? new Map(list.map((item, index) => [keys[index] ?? '', item])) : undefined;
};

const compareLists = (
  golden: readonly unknown[],
  ours: readonly unknown[],
  path: string,
): readonly Difference[] => {
  const left = asKeyed(golden);
  const right = asKeyed(ours);
  if (left === undefined || right === undefined) {
    return Array.from({ length: Math.max(golden.length, ours.length) }, (_, index) =>
      compare(golden[index], ours[index], `${path}[${index}]`),
    ).flat();
  }
  const shared = [...left.keys()].filter((key) => right.has(key));
  const order = [...right.keys()].filter((key) => left.has(key));
  const misordered =
    shared.join() === order.join() ? [] : [{ path: `${path}[]`, golden: shared.join(), ours: order.join() }];
  return [
    ...misordered,
    ...[...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
      compare(left.get(key), right.get(key), `${path}[${key}]`),
    ),
  ];
};

/** Everything in which two JSON values differ, volatile fields left out (their presence is still compared). */
export const compare = (golden: unknown, ours: unknown, path = ''): readonly Difference[] => {
  if (Array.isArray(golden) && Array.isArray(ours)) return compareLists(golden, ours, path);
  if (isMap(golden) && isMap(ours)) {
    return [...new Set([...Object.keys(golden), ...Object.keys(ours)])].toSorted().flatMap((key) => {
      const next = `${path}.${key}`;
      if (!volatile.has(key)) return compare(golden[key], ours[key], next);
      return key in golden === key in ours ? [] : [{ path: next, golden: golden[key], ours: ours[key] }];
    });
  }
  return JSON.stringify(golden) === JSON.stringify(ours) ? [] : [{ path, golden, ours }];
};
