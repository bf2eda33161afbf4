import type { ImageStream, TagReference } from '../../src/api/image-stream.ts';
import { namespace } from './world.ts';

const minuteMs = 60_000;

/** Where a tag can come from. */
export type Source = { readonly host: string; readonly repository: string; readonly tag: string };

export const spell = ({ host, repository, tag }: Source): string => `${host}/${repository}:${tag}`;
export const pathOf = ({ repository, tag }: Source): string => `/v2/${repository}/manifests/${tag}`;

/** What a user wants of a tag. */
export type Wish = {
  readonly source: Source;
  /** Undefined: not scheduled. */
  readonly interval: '5m' | '15m' | undefined;
};

export const intervalMsOf = ({ interval }: Wish): number | undefined =>
  interval === undefined ? undefined : Number.parseInt(interval, 10) * minuteMs;

/** What the model knows of a tag. */
export type TagModel = {
  wish: Wish;
  /** Digests that it may have been found at since it is there, the oldest first. */
  readonly may: string[];
  /** Rolled back, and not told to follow again, to another source or to a new image since. */
  mayBeHeld: boolean;
  /** Digests that rollbacks were asked for, in order. */
  readonly rollbacks: string[];
  /** A user wants it looked at, and it was not yet. */
  isOwed: boolean;
  /** By the clock that never jumps: since when nothing stands in the way of its next look. */
  undisturbedSinceMs: number;
};

/** What the model knows of a stream. */
export type StreamModel = {
  readonly tags: Map<string, TagModel>;
  /** Tags that the spec had: their histories are still there. */
  readonly dropped: Map<string, TagModel>;
  /** Left alone but for what somebody asks for. */
  isSuspended: boolean;
  /** Follows a whole repository as well. */
  readonly followsRepository: boolean;
};

/** The world as a user would describe it; it knows nothing of slots, queues, HEADs and caches. */
export type Model = {
  readonly streams: Map<string, StreamModel>;
  /** What stands upstream, by spelled source. */
  readonly upstream: Map<string, string>;
  readonly hosts: Map<string, string>;
  /** Until when hosts want to be left alone, by the clock that never jumps. */
  readonly quietUntilMs: Map<string, number>;
  password: string | undefined;
  /** Numbers import requests and rollbacks. */
  requests: number;
  /** Clocks were set since the program started: a slot may come as late as a minute after it. */
  hasJumped: boolean;
};

export const createModel = (): Model => ({
  streams: new Map(),
  upstream: new Map(),
  hosts: new Map(),
  quietUntilMs: new Map(),
  password: undefined,
  requests: 0,
  hasJumped: false,
});

/** Whether a host answers everybody truly, and wants no pause. */
export const isSound = (model: Model, host: string, nowMs: number): boolean =>
  (model.hosts.get(host) ?? 'up') === 'up' && (model.quietUntilMs.get(host) ?? 0) <= nowMs;

/** Whether its host would answer a tag's question with what stands there. */
export const isReachable = (model: Model, { source }: Wish, password: string, nowMs: number): boolean =>
  isSound(model, source.host, nowMs) && (source.host !== 'private.example' || model.password === password);

/** Everything that has a tag's next look start its wait anew. */
export const disturb = (model: Model, nowMs: number, concerns: (tag: TagModel) => boolean): void => {
  for (const { tags } of model.streams.values())
    for (const tag of tags.values()) if (concerns(tag)) tag.undisturbedSinceMs = nowMs;
};

const specTag = (name: string, { source, interval }: Wish): TagReference => ({
  name,
  from: { kind: 'DockerImage', name: spell(source) },
  importPolicy: interval === undefined ? {} : { scheduled: true },
  ...(interval === undefined ? {} : { annotations: { 'imagestreams.dev/refresh-interval': interval } }),
});

/** The manifest of a stream as its user would write it. */
export const manifestOf = (name: string, { tags, followsRepository }: StreamModel): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace, name },
  spec: {
    ...(followsRepository ? { dockerImageRepository: `public.example/repo-${name}` } : {}),
    tags: [...tags].map(([tag, { wish }]) => specTag(tag, wish)),
  },
});
