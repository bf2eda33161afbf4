import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anonymous,
  digestBytes,
  type MergedRules,
  mergeRules,
  parseRegistriesConf,
  RegistryError,
} from '../../src/oci/index.ts';
import { anImage, type Content, push } from '../fakes/registry/index.ts';
import { hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { hasSkopeo, skopeo } from '../setup/skopeo.ts';
import { createCleanups, inTime, referenceOf } from './support.ts';

const one = anImage({ name: 'one' });
const two = anImage({ name: 'two' });
const three = anImage({ name: 'three' });

/** `ONE`, `TWO` and `THREE` stand for registries. */
const conf = `
[[registry]]
location = "ONE"
insecure = true
[[registry.mirror]]
location = "TWO"
insecure = true
[[registry]]
location = "ONE/digests"
insecure = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "TWO/digests"
insecure = true
[[registry]]
location = "ONE/chosen"
insecure = true
[[registry.mirror]]
location = "TWO/chosen"
insecure = true
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "THREE/chosen"
insecure = true
pull-from-mirror = "tag-only"
[[registry]]
location = "ONE/blocked"
blocked = true
[[registry]]
location = "ONE/kept"
blocked = true
[[registry.mirror]]
location = "THREE/kept"
insecure = true
[[registry]]
location = "ONE/strict"
[[registry.mirror]]
location = "TWO/strict"
[[registry]]
prefix = "*.wild.invalid"
location = "THREE/wild"
insecure = true
[[registry]]
prefix = "close.wild.invalid/team"
location = "TWO/close"
insecure = true
[[registry]]
prefix = "renamed.invalid:5000/deep/er"
location = "ONE/team"
insecure = true
`;

/** What is at each of the three, by repository, with the tag `v1`. */
const contents: readonly Readonly<Record<string, Content>>[] = [
  {
    'team/app': one,
    'team/only-here': one,
    'digests/app': one,
    'chosen/app': one,
    'blocked/app': one,
    'kept/app': one,
    'strict/app': one,
  },
  { 'team/app': two, 'digests/app': two, 'chosen/app': two, 'close/app': two, 'strict/app': two },
  { 'chosen/app': three, 'kept/app': three, 'wild/team/app': three, 'wild/app': three },
];

const references = [
  'ONE/team/app:v1',
  'ONE/team/only-here:v1',
  'ONE/team/nowhere:v1',
  'TWO/team/app:v1',
  'THREE/chosen/app:v1',
  'ONE/digests/app:v1',
  `ONE/digests/app@${two.manifest.digest}`,
  `ONE/digests/app@${one.manifest.digest}`,
  'ONE/digests-other/app:v1',
  'ONE/chosen/app:v1',
  `ONE/chosen/app@${one.manifest.digest}`,
  `ONE/chosen/app@${two.manifest.digest}`,
  `ONE/chosen/app@${three.manifest.digest}`,
  'ONE/blocked/app:v1',
  'ONE/kept/app:v1',
  `ONE/kept/app@${one.manifest.digest}`,
  'ONE/strict/app:v1',
  'a.wild.invalid/team/app:v1',
  'a.b.wild.invalid/app:v1',
  'close.wild.invalid/team/app:v1',
  'renamed.invalid:5000/deep/er/app:v1',
  'renamed.invalid:5000/deep/error/app:v1',
];

describe.skipIf(!hasDockerRegistry || !hasSkopeo)('a registries.conf, read by skopeo and by us', () => {
  const rig = createCleanups();
  let rules: MergedRules['rules'];
  let file: string;
  let hosts: readonly string[];

  const fill = (text: string): string =>
    ['ONE', 'TWO', 'THREE'].reduce(
      (filled, name, index) => filled.replaceAll(name, hosts[index] ?? ''),
      text,
    );

  beforeAll(async () => {
    const registries = await Promise.all(contents.map(() => rig.track(startDockerRegistry())));
    hosts = registries.map(({ host }) => host);
    for (const [index, repositories] of contents.entries())
      for (const [repository, content] of Object.entries(repositories))
        await push({ url: `http://${hosts[index] ?? ''}` }, repository, content, 'v1');
    const directory = await mkdtemp(join(tmpdir(), 'registries.conf-'));
    rig.add(() => rm(directory, { recursive: true }));
    file = join(directory, 'registries.conf');
    await writeFile(file, fill(conf));
    const parsed = parseRegistriesConf(fill(conf), file);
    const merged = mergeRules([parsed.rules], []);
    expect([...parsed.problems, ...merged.problems]).toEqual([]);
    rules = merged.rules;
  });
  afterAll(rig.run);

  const bySkopeo = async (reference: string): Promise<string> => {
    try {
      const raw = await skopeo(['--registries-conf', file, 'inspect', '--raw', `docker://${reference}`]);
      return digestBytes(raw);
    } catch {
      return 'nothing';
    }
  };

  /** By a client that has learned nothing: ours looks for the parts of what a mirror for tags gave at that mirror, too. */
  const byUs = async (reference: string): Promise<string> => {
    const client = rig.client({ registries: { rules, allow: [], block: [] } });
    try {
      const access = { keychain: anonymous, insecure: false };
      return (await client.getManifest(referenceOf(reference), access, inTime())).digest;
    } catch (error) {
      if (error instanceof RegistryError) return 'nothing';
      throw error;
    }
  };

  it.each(references)('leads to the same image: %s', async (reference) => {
    const filled = fill(reference);
    expect(await byUs(filled)).toBe(await bySkopeo(filled));
  });

  it('leads to images at all, and to none where it says so', async () => {
    const outcomes = await Promise.all(references.map((reference) => byUs(fill(reference))));
    const found = new Set(outcomes);
    expect(found).toEqual(new Set([...[one, two, three].map(({ manifest }) => manifest.digest), 'nothing']));
    expect(outcomes[references.indexOf('ONE/blocked/app:v1')]).toBe('nothing');
  });
});
