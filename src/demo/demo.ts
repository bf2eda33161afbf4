import type { ChangeEvent } from '../api/change-event.ts';
import type { Deployment } from '../api/core.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Clock } from '../lib/clock.ts';
import { startDemoRegistry } from './registry.ts';

/** What the demo needs of the server that it runs in. */
export type DemoPorts = {
  /** Creates objects as a user would, through the API. */
  readonly create: (objects: readonly object[]) => Promise<void>;
  readonly getStream: (name: string, signal: AbortSignal) => Promise<ImageStream | undefined>;
  readonly getDeployment: (name: string, signal: AbortSignal) => Promise<Deployment | undefined>;
  /** Change events as they happen. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<ChangeEvent>;
  /** Prints one line. */
  readonly print: (line: string) => void;
  readonly clock: Clock;
};

/** The demo did not get as far as it should: the message says where it stopped. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

const repository = 'demo/app';
const streamName = 'demo';
const deploymentName = 'demo';
const refreshInterval = '1s';
/** Every step takes about a second; a machine that needs longer than this has another problem. */
const stepTimeoutMs = 20_000;
const pollMs = 50;

const streamOf = (host: string) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: streamName, annotations: { 'imagestreams.dev/refresh-interval': refreshInterval } },
  spec: {
    tags: [
      {
        name: 'latest',
        from: { kind: 'DockerImage', name: `${host}/${repository}:latest` },
        importPolicy: { insecure: true, scheduled: true },
      },
    ],
  },
});

const trigger = {
  from: { kind: 'ImageStreamTag', name: `${streamName}:latest` },
  fieldPath: 'spec.template.spec.containers[?(@.name=="app")].image',
};

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: deploymentName,
    annotations: { 'image.openshift.io/triggers': JSON.stringify([trigger]) },
  },
  spec: {
    selector: { matchLabels: { app: deploymentName } },
    template: {
      metadata: { labels: { app: deploymentName } },
      spec: { containers: [{ name: 'app', image: 'nothing-yet' }] },
    },
  },
};

const imageOf = (found: Deployment | undefined): string =>
  found?.spec?.template.spec?.containers[0]?.image ?? '';
const currentDigest = (found: ImageStream | undefined): string =>
  found?.status?.tags?.[0]?.items?.[0]?.image ?? '';

const createSteps = (ports: DemoPorts, signal: AbortSignal) => {
  const { clock } = ports;
  const until = async (what: string, check: () => Promise<boolean>): Promise<void> => {
    const endMs = clock.monotonic() + stepTimeoutMs;
    while (!(await check())) {
      if (clock.monotonic() > endMs)
        throw new DemoError(`the demo waited ${stepTimeoutMs / 1000} s in vain: ${what}`);
      await clock.sleep(pollMs, signal);
    }
  };
  return {
    imported: (digest: string) =>
      until(
        'the tag was not imported',
        async () => currentDigest(await ports.getStream(streamName, signal)) === digest,
      ),
    patched: (digest: string) =>
      until('the Deployment was not patched', async () =>
        imageOf(await ports.getDeployment(deploymentName, signal)).endsWith(digest),
      ),
  };
};

/** Prints events until `signal` is aborted. */
const printEvents = async ({ follow, print }: DemoPorts, signal: AbortSignal): Promise<void> => {
  for await (const event of follow(signal)) {
    const move = event.oldDigest === undefined ? '' : `from ${event.oldDigest} `;
    print(`event: ${event.type} ${event.stream}:${event.tag} ${move}to ${event.newDigest ?? 'nothing'}`);
  }
};

/**
 * Shows the whole flow without network: a registry of its own, a stream that follows a tag, the tag moves, an event says so and a
 * Deployment follows.
 *
 * @throws {DemoError} when a step does not happen.
 */
export const runDemo = async (ports: DemoPorts, signal: AbortSignal): Promise<void> => {
  const { print } = ports;
  const registry = await startDemoRegistry();
  const stop = new AbortController();
  const events = printEvents(ports, AbortSignal.any([signal, stop.signal]));
  const steps = createSteps(ports, signal);
  try {
    const first = registry.push(repository, 'latest', '1.0');
    print(`registry: started on ${registry.host}, pushed ${repository}:latest (${first})`);
    await ports.create([streamOf(registry.host), deployment]);
    print(
      `applied: ImageStream ${streamName}, checked every ${refreshInterval}, and Deployment ${deploymentName} that follows it`,
    );
    await steps.imported(first);
    await steps.patched(first);
    print(`deployment: ${deploymentName} runs ${imageOf(await ports.getDeployment(deploymentName, signal))}`);
    const second = registry.push(repository, 'latest', '2.0');
    print(`registry: moved ${repository}:latest to another image (${second})`);
    await steps.imported(second);
    await steps.patched(second);
    print(`deployment: ${deploymentName} runs ${imageOf(await ports.getDeployment(deploymentName, signal))}`);
    print(
      'demo: done; everything above ran through the API, the store and the controllers that `npm start` runs',
    );
  } finally {
    stop.abort(new Error('the demo is over'));
    await events;
    await registry.close();
  }
};
