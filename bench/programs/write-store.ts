import type { ImageStream } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openEmbeddedStore } from '../../src/store/index.ts';
import { givenData, report } from '../../test/e2e/load/child.ts';

/*
 * A process that creates streams in a store, reports when so many are acknowledged, and goes on until it is killed.
 */

const { file, writes } = givenData<{ readonly file: string; readonly writes: number }>();
const { signal } = new AbortController();
const store = openEmbeddedStore({ file, clock: systemClock });

const aStream = (index: number): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: `app${index}`, namespace: 'team' },
  spec: { tags: [{ name: 'v1', from: { kind: 'DockerImage', name: 'registry.example/app:v1' } }] },
});

/** They share commits. */
const together = 50;

for (let first = 0; ; first += together) {
  const indexes = Array.from({ length: together }, (_, offset) => first + offset);
  await Promise.all(indexes.map((index) => store.create(imageStreams, aStream(index), {}, signal)));
  if (first < writes && first + together >= writes) report('written');
}
