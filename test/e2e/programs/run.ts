import { expect } from 'vitest';
import type { Client } from './client.ts';
import { type Command, mapKey, type Program } from './commands.ts';
import { type Body, type Kind, kinds } from './kinds.ts';
import { after, type Effect, type ModelObject, type State, step } from './model.ts';
import { requestOf } from './requests.ts';
import { comparable, seenAs } from './seen.ts';
import { type Following, followFrom, lastName, type WatchedEvent } from './watching.ts';

type Listing = { readonly revision: string; readonly objects: ReadonlyMap<string, Body> };

const listingOf = (body: unknown): Listing => {
  const { metadata, items } = body as { metadata: { resourceVersion: string }; items: readonly Body[] };
  return {
    revision: metadata.resourceVersion,
    objects: new Map(items.map((item) => [item.metadata.name, item])),
  };
};

type Snapshot = { readonly revision: string; readonly state: State };

const comparableState = (state: State): State =>
  new Map([...state].map(([name, object]) => [name, comparable(object)]));

const selected = (state: State, label: string | undefined): State =>
  label === undefined
    ? state
    : new Map([...state].filter(([, { fields }]) => fields.get(`labels/${mapKey}`) === label));

/** What a watcher of everything, or of one label, is told of an effect. */
const eventOf = (
  before: State,
  { name, type, object }: Effect,
  label: string | undefined,
): WatchedEvent | undefined => {
  const old = before.get(name);
  const isSelected = (some: ModelObject | undefined): boolean =>
    some !== undefined && (label === undefined || some.fields.get(`labels/${mapKey}`) === label);
  const was = isSelected(old);
  const is = type !== 'DELETED' && isSelected(object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', name, object: comparable(object) };
  return was && old !== undefined ? { type: 'DELETED', name, object: comparable(old) } : undefined;
};

/** The names of the items as they stand in an object. */
const orderOf = (kind: Kind, body: Body | undefined): readonly string[] =>
  body === undefined
    ? []
    : [...kind.itemFields(body).keys()].flatMap((path) => /^items\/([^/]+)$/.exec(path)?.[1] ?? []);

const watchedLabel = '1';

/**
 * Runs a program in an empty namespace and compares every answer, the objects after every step and all watches with the model.
 *
 * A kube-apiserver answers lists that need not be the newest from a cache, which may be behind.
 */
export const checkProgram = async (
  client: Client,
  program: Program,
  namespace: string,
  isKube: boolean,
): Promise<void> => {
  const kind = kinds.find((each) => each.kind === program.kind);
  if (kind === undefined) throw new Error(`no kind ${program.kind}`);
  const collection = kind.collection(namespace);
  const list = async (query = ''): Promise<Listing> => {
    const { status, body } = await client.call('GET', `${collection}${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return listingOf(body);
  };
  const statesOf = (listing: Listing): State =>
    new Map([...listing.objects].map(([name, body]) => [name, comparable(seenAs(kind, body))]));

  let listing = await list();
  const start = listing.revision;
  let state: State = new Map();
  const snapshots: Snapshot[] = [{ revision: start, state }];
  const all: WatchedEvent[] = [];
  const labelled: WatchedEvent[] = [];
  /** How many of `all` there were at each snapshot. */
  const marks: number[] = [0];
  const watches: Following[] = [];
  const follow = (query: string): Following => {
    const watch = followFrom(client, kind, collection, query);
    watches.push(watch);
    return watch;
  };
  const watchAll = follow(`resourceVersion=${start}`);
  const watchLabelled = follow(`resourceVersion=${start}&labelSelector=${mapKey}%3D${watchedLabel}`);

  const runList = async (command: Extract<Command, { readonly verb: 'list' }>): Promise<void> => {
    const chosen = snapshots[Math.floor(command.age * (snapshots.length - 1))] ?? { revision: start, state };
    const label = command.label === undefined ? '' : `&labelSelector=${mapKey}%3D${command.label}`;
    if (command.revision === 'exact') {
      const old = await list(`?resourceVersion=${chosen.revision}&resourceVersionMatch=Exact${label}`);
      expect(statesOf(old)).toEqual(comparableState(selected(chosen.state, command.label)));
      expect(old.revision).toBe(chosen.revision);
    } else if (command.revision === 'future') {
      const far = String(BigInt(listing.revision) + 1_000_000n);
      const { status } = await client.call('GET', `${collection}?resourceVersion=${far}`);
      expect(status).toBe(504);
    } else {
      const query =
        command.revision === 'cache'
          ? 'resourceVersion=0'
          : `resourceVersion=${chosen.revision}&resourceVersionMatch=NotOlderThan`;
      const { status, body } = await client.call('GET', `${collection}?${query}${label}`);
      if (isKube && status === 504) return;
      expect(status).toBe(200);
      const found = listingOf(body);
      if (!isKube) expect(statesOf(found)).toEqual(comparableState(selected(state, command.label)));
    }
  };

  try {
    for (const [index, command] of program.commands.entries()) {
      const about = `step ${index}: ${JSON.stringify(command)}`;
      if (command.verb === 'list') {
        await runList(command);
        continue;
      }
      const { code, effects } = step(
        { kind, state, order: orderOf(kind, listing.objects.get(command.name)), isKube },
        command,
      );
      const request = requestOf(
        { kind, namespace, current: listing.objects.get(command.name), start },
        command,
      );
      const answer = await client.call(request.method, request.path, request.body, request.contentType);
      expect(answer.status, `${about}\n${JSON.stringify(answer.body)}`).toBe(code);
      const made = (answer.body as Body).metadata?.name;
      const named = effects.map((effect) => (effect.name === '' ? { ...effect, name: made } : effect));
      const next = command.dryRun ? state : after(state, named);
      const now = await list();
      expect(statesOf(now), about).toEqual(comparableState(next));
      const touched = command.dryRun ? [] : named.map(({ name }) => name);
      for (const [name, { metadata }] of now.objects) {
        const old = listing.objects.get(name)?.metadata;
        if (touched.includes(name))
          expect(BigInt(metadata.resourceVersion), about).toBeGreaterThan(
            BigInt(old?.resourceVersion ?? start),
          );
        else expect(metadata.resourceVersion, `${about}: version of ${name}`).toBe(old?.resourceVersion);
      }
      if (!command.dryRun)
        for (const effect of named) {
          const event = eventOf(state, effect, undefined);
          if (event !== undefined) all.push(event);
          const chosen = eventOf(state, effect, watchedLabel);
          if (chosen !== undefined) labelled.push(chosen);
        }
      state = next;
      listing = now;
      snapshots.push({ revision: now.revision, state });
      marks.push(all.length);
    }

    const middle = Math.floor(snapshots.length / 2);
    const watchRest = follow(`resourceVersion=${snapshots[middle]?.revision}`);
    await client.call('POST', collection, {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: { name: lastName, labels: { [mapKey]: watchedLabel } },
      ...kind.around(kind.itemsAreList ? [] : {}),
    });
    expect(await watchAll.upToLast(), 'watch of everything').toEqual(all);
    expect(await watchLabelled.upToLast(), `watch of the label ${watchedLabel}`).toEqual(labelled);
    expect(await watchRest.upToLast(), `watch from step ${middle}`).toEqual(all.slice(marks[middle]));
  } finally {
    for (const { stop } of watches) stop();
  }
};
