import type { KubernetesObject, Stored } from '../api/meta.ts';
import { objectSchema } from '../api/meta.ts';
import { defineResource } from '../api/resource.ts';
import { openObject } from '../api/schema.ts';
import type { Clock } from '../lib/clock.ts';
import type { ObjectKey, Store } from '../store/store.ts';

type LeaseObject = KubernetesObject & {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
};

/** @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
const leases = defineResource<LeaseObject>({
  group: 'coordination.k8s.io',
  plural: 'leases',
  kind: 'Lease',
  schema: objectSchema('Lease', 'Who of several programs works.', { spec: openObject() }),
});

/** What a lease says; as `runtime` has it. */
type Lease = { readonly holder: string; readonly durationMs: number; readonly transitions: number };
type StoredLease = Lease & { readonly version: string };

/** Longest that one request for the lease may take: there must be time for another before it runs out. */
const requestMs = 2_000;

/** RFC 3339 with microseconds, as this kind of object has it. */
const microTime = (epochMs: number): string => new Date(epochMs).toISOString().replace('Z', '000Z');

const fromObject = ({ metadata, spec = {} }: Stored<LeaseObject>): StoredLease => ({
  holder: spec.holderIdentity ?? '',
  durationMs: (spec.leaseDurationSeconds ?? 0) * 1000,
  transitions: spec.leaseTransitions ?? 0,
  version: metadata.resourceVersion,
});

/** Keeps the lease of a leader election in a `Lease` of the cluster. The store must not be one whose writes the lease itself guards. */
export const createLeaseKeeper = (store: Store, key: ObjectKey, clock: Clock) => {
  const bounded = (signal: AbortSignal): AbortSignal =>
    AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
  /** When we took it: the time of a renewal must not move it. */
  let acquiredAt: string | undefined;
  const toObject = ({ holder, durationMs, transitions }: Lease, version?: string): LeaseObject => {
    const now = microTime(clock.now());
    acquiredAt = holder === '' ? undefined : (acquiredAt ?? now);
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...key, ...(version === undefined ? {} : { resourceVersion: version }) },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: holder === '' ? 1 : Math.round(durationMs / 1000),
        renewTime: now,
        leaseTransitions: transitions,
        ...(acquiredAt === undefined ? {} : { acquireTime: acquiredAt }),
      },
    };
  };
  return {
    read: async (signal: AbortSignal): Promise<StoredLease | undefined> => {
      const found = await store.get(leases, key, bounded(signal));
      return found === undefined ? undefined : fromObject(found);
    },
    create: async (lease: Lease, signal: AbortSignal): Promise<StoredLease> =>
      fromObject(await store.create(leases, toObject(lease), {}, bounded(signal))),
    update: async (lease: StoredLease, signal: AbortSignal): Promise<StoredLease> =>
      fromObject(await store.update(leases, toObject(lease, lease.version), {}, bounded(signal))),
  };
};
