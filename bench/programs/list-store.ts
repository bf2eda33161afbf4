import type { Resource } from '../../src/api/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openEmbeddedStore } from '../../src/store/index.ts';

/*
 * A program that reads all streams and images of a store, page by page, and ends: the least that a server does when it starts.
 */

const { signal } = new AbortController();
const store = openEmbeddedStore({ file: process.argv[2] ?? '', clock: systemClock });
/** As in `api/resources.ts`, whose import would take most of the life of this process. */
const resources = [
  { group: 'image.openshift.io', plural: 'imagestreams', namespaced: true, hasStatus: true },
  { group: 'image.openshift.io', plural: 'images', namespaced: false, hasStatus: false },
] as unknown as readonly Resource[];
const kept: unknown[] = [];
for (const resource of resources) {
  let continueToken: string | undefined;
  do {
    const options = { limit: 500, ...(continueToken === undefined ? {} : { continueToken }) };
    const page = await store.list(resource, options, signal);
    kept.push(page.items);
    continueToken = page.continueToken;
  } while (continueToken !== undefined);
}
await store.close();
