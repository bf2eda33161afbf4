import { bodyOf, itemsOf } from './body.ts';
import { type Command, mapKey, type Version } from './commands.ts';
import type { Body, Kind } from './kinds.ts';

/** One HTTP request. */
export type Request = {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
};

/** What a request needs to know of the world. */
export type World = {
  readonly kind: Kind;
  readonly namespace: string;
  /** The object as the server last told it; undefined where there is none. */
  readonly current: Body | undefined;
  /** A revision from before the program began. */
  readonly start: string;
};

/** No object has it. */
const foreignUid = '00000000-0000-4000-8000-000000000000';

const versionOf = (version: Version, { current, start }: World) =>
  version === 'none'
    ? {}
    : { resourceVersion: version === 'newest' ? (current?.metadata.resourceVersion ?? start) : start };

const uidOf = (isForeign: boolean) => (isForeign ? { uid: foreignUid } : {});

const patchItems = (
  kind: Kind,
  command: Extract<Command, { readonly verb: 'merge' | 'strategic' }>,
): object => {
  const entries = Object.entries(command.items);
  if (entries.length === 0) return {};
  const kept = entries.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  if (!kind.itemsAreList) return { data: command.items };
  const items = itemsOf(kind, Object.fromEntries(kept)) as readonly object[];
  if (command.verb === 'merge') return kind.around(items);
  const dropped = entries.flatMap(([name, value]) => (value === null ? [{ name, $patch: 'delete' }] : []));
  return kind.around([...items, ...dropped]);
};

const mergeBody = (
  world: World,
  command: Extract<Command, { readonly verb: 'merge' | 'strategic' }>,
): object => {
  const changes = (at: 'labels' | 'annotations') => {
    const last = command.changes.findLast((change) => change.at === at);
    return last === undefined ? {} : { [at]: { [mapKey]: last.to } };
  };
  return {
    metadata: {
      ...versionOf(command.version, world),
      ...changes('labels'),
      ...changes('annotations'),
      ...(command.finalizers === undefined ? {} : { finalizers: command.finalizers }),
    },
    ...patchItems(world.kind, command),
  };
};

const mediaTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const queryOf = (command: Command, options: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams({ ...options, ...(command.dryRun ? { dryRun: 'All' } : {}) });
  if (command.verb !== 'deletecollection') query.set('fieldManager', command.manager);
  return `?${query.toString()}`;
};

/** The request that a command is; lists are asked for by the runner, which knows old revisions. */
export const requestOf = (world: World, command: Exclude<Command, { readonly verb: 'list' }>): Request => {
  const { kind, namespace } = world;
  const { name } = command;
  const collection = kind.collection(namespace);
  const path = `${collection}/${name}`;
  const patch = (
    body: unknown,
    type: keyof typeof mediaTypes,
    query = queryOf(command),
    at = path,
  ): Request => ({
    method: 'PATCH',
    path: `${at}${query}`,
    body,
    contentType: mediaTypes[type],
  });
  switch (command.verb) {
    case 'create': {
      const metadata = command.generated ? { generateName: 'made-' } : { name };
      return {
        method: 'POST',
        path: `${collection}${queryOf(command)}`,
        body: bodyOf(kind, metadata, command.content),
      };
    }
    case 'update': {
      const metadata = { name, ...versionOf(command.version, world), ...uidOf(command.foreignUid) };
      return {
        method: 'PUT',
        path: `${path}${queryOf(command)}`,
        body: bodyOf(kind, metadata, command.content),
      };
    }
    case 'merge':
    case 'strategic':
      return patch(mergeBody(world, command), command.verb);
    case 'json': {
      const { op, at, value } = command;
      return patch(
        [{ op, path: `/metadata/${at}/${mapKey}`, ...(op === 'remove' ? {} : { value }) }],
        'json',
      );
    }
    case 'apply': {
      const query = queryOf(command, { force: String(command.force) });
      return patch(
        bodyOf(kind, { name, ...versionOf(command.version, world) }, command.content),
        'apply',
        query,
      );
    }
    case 'status':
      return patch(
        { status: kind.status?.of(command.value) ?? {} },
        'merge',
        queryOf(command),
        `${path}/status`,
      );
    case 'delete': {
      const preconditions = { ...versionOf(command.version, world), ...uidOf(command.foreignUid) };
      return {
        method: 'DELETE',
        path,
        body: { preconditions, ...(command.dryRun ? { dryRun: ['All'] } : {}) },
      };
    }
    case 'deletecollection': {
      const query = queryOf(
        command,
        command.label === undefined ? {} : { labelSelector: `${mapKey}=${command.label}` },
      );
      return { method: 'DELETE', path: `${collection}${query}` };
    }
    case 'get':
      return { method: 'GET', path };
  }
};
