import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  mergeRules,
  parseMirrorSets,
  parseRegistriesConf,
  type RegistryClient,
} from '../../src/oci/index.ts';
import { anImage, anIndex, type Content, createCertificate, push } from '../fakes/registry/index.ts';
import { type ReverseProxy, startReverseProxy } from '../fakes/reverse-proxy.ts';
import { hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { hasGoRegistry, startGoRegistry } from '../setup/go-registry.ts';
import { createCleanups, insecurely, inTime, referenceOf } from './support.ts';

const places = ['source', 'first', 'second', 'through'] as const;
type PlaceName = (typeof places)[number];
type Registry = { readonly host: string; readonly stop: () => Promise<void> };

describe.skipIf(!hasDockerRegistry)('mirrors that are real registries', () => {
  const atSource = anImage({ name: 'source' });
  const atFirst = anImage({ name: 'first' });
  const atSecond = anIndex([
    anImage({ name: 'second' }),
    anImage({ name: 'second', platform: { architecture: 'arm64', os: 'linux' } }),
  ]);
  const rig = createCleanups();
  const perTest = createCleanups();
  /** What stands in front of each registry and writes down what it is asked. */
  const fronts = new Map<PlaceName, ReverseProxy>();
  let tlsFront: ReverseProxy;

  const hostOf = (place: PlaceName): string => fronts.get(place)?.host ?? '';

  const start = async (
    place: PlaceName,
    { host }: Registry,
    contents: Readonly<Record<string, Content>>,
  ): Promise<void> => {
    for (const [repository, content] of Object.entries(contents))
      await push({ url: `http://${host}` }, repository, content, 'v1');
    fronts.set(place, await rig.track(startReverseProxy({ target: host })));
  };

  beforeAll(async () => {
    const source = await rig.track(startDockerRegistry());
    await start('source', source, {
      'team/app': atSource,
      'team-other/app': atSource,
      'team/only-here': atSource,
    });
    const first = await rig.track(startDockerRegistry());
    await start('first', first, { 'team/app': atFirst, 'copy/app': atFirst, 'team-other/app': atFirst });
    // Another implementation where there is one: mirrors are rarely what the source is.
    const second = await rig.track<Registry>(hasGoRegistry ? startGoRegistry() : startDockerRegistry());
    await start('second', second, { 'team/app': atSecond, 'copy/app': atSecond });
    const remoteUrl = `http://${hostOf('source')}`;
    await start('through', await rig.track(startDockerRegistry({ remoteUrl })), {});
    tlsFront = await rig.track(startReverseProxy({ target: first.host, tls: await createCertificate() }));
  });
  beforeEach(() => {
    for (const front of [...fronts.values(), tlsFront]) front.forgetRequests();
  });
  afterEach(perTest.run);
  afterAll(rig.run);

  /** A client with a `registries.conf` and mirror sets; in both, `SOURCE`, `FIRST`… stand for registries. */
  const clientWith = (conf: string, sets = ''): RegistryClient => {
    const fill = (text: string): string =>
      places.reduce((filled, place) => filled.replaceAll(place.toUpperCase(), hostOf(place)), text);
    const parsed = parseRegistriesConf(fill(conf), 'registries.conf');
    const mirrorSets = parseMirrorSets(fill(sets), 'sets.yaml');
    const { rules, problems } = mergeRules([parsed.rules], mirrorSets.sets);
    expect([...parsed.problems, ...mirrorSets.problems, ...problems]).toEqual([]);
    return perTest.client({ registries: { rules, allow: [], block: [] } });
  };

  /** Who was asked by us, in alphabetical order: requests of a pull-through mirror are not ours. */
  const asked = (): readonly PlaceName[] =>
    places.filter((place) =>
      fronts.get(place)?.requests.some(({ headers }) => headers['user-agent'] === 'imagestreams'),
    );

  const resolve = async (client: RegistryClient, reference: string) =>
    (await client.resolve(referenceOf(reference), insecurely, inTime())).digest;

  const digestAt = { source: atSource, first: atFirst, second: atSecond };
  const digestOf = (place: keyof typeof digestAt) => digestAt[place].manifest.digest;

  const insecureMirrors = `
    [[registry]]
    location = "FIRST"
    insecure = true
    [[registry]]
    location = "SECOND"
    insecure = true
    [[registry]]
    location = "THROUGH"
    insecure = true
  `;

  it('are chosen by the longest prefix, at the ends of segments', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      location = "SOURCE"
      [[registry.mirror]]
      location = "FIRST"
      [[registry]]
      location = "SOURCE/team"
      [[registry.mirror]]
      location = "SECOND/team"
    `);
    expect(await resolve(client, `${hostOf('source')}/team/app:v1`)).toBe(digestOf('second'));
    expect(asked()).toEqual(['second']);
    expect(await resolve(client, `${hostOf('source')}/team-other/app:v1`)).toBe(digestOf('first'));
    expect(asked()).toEqual(['first', 'second']);
  });

  it('are chosen by a wildcard where no name is closer', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      prefix = "*.wild.invalid"
      location = "FIRST"
      insecure = true
      [[registry]]
      prefix = "close.wild.invalid"
      location = "SECOND/copy"
      insecure = true
    `);
    expect(await resolve(client, 'a.b.wild.invalid/team/app:v1')).toBe(digestOf('first'));
    expect(asked()).toEqual(['first']);
    expect(await resolve(client, 'close.wild.invalid/app:v1')).toBe(digestOf('second'));
    expect(fronts.get('second')?.log()).toEqual(['HEAD /v2/copy/app/manifests/v1']);
  });

  it('are asked in their order, then the source, until one has it', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      location = "SOURCE"
      [[registry.mirror]]
      location = "FIRST"
      [[registry.mirror]]
      location = "SECOND"
    `);
    expect(await resolve(client, `${hostOf('source')}/team/app:v1`)).toBe(digestOf('first'));
    expect(asked()).toEqual(['first']);
    expect(await resolve(client, `${hostOf('source')}/team/only-here:v1`)).toBe(digestOf('source'));
    expect(asked()).toEqual(['source', 'first', 'second']);
  });

  it('for digests only are not asked for tags or lists of tags', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      location = "SOURCE"
      mirror-by-digest-only = true
      [[registry.mirror]]
      location = "FIRST"
    `);
    expect(await resolve(client, `${hostOf('source')}/team/app:v1`)).toBe(digestOf('source'));
    const tags = client.listTags(referenceOf(`${hostOf('source')}/team/app`), insecurely, inTime());
    for await (const page of tags) expect(page).toEqual(['v1']);
    expect(asked()).toEqual(['source']);
    const atMirror = `${hostOf('source')}/team/app@${digestOf('first')}`;
    expect((await client.getManifest(referenceOf(atMirror), insecurely, inTime())).digest).toBe(
      digestOf('first'),
    );
    expect(fronts.get('first')?.log()).toEqual([`GET /v2/team/app/manifests/${digestOf('first')}`]);
  });

  it('are each asked for what pull-from-mirror says, and for the parts of what they gave', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      location = "SOURCE"
      blocked = true
      [[registry.mirror]]
      location = "FIRST"
      pull-from-mirror = "digest-only"
      [[registry.mirror]]
      location = "SECOND"
      pull-from-mirror = "tag-only"
    `);
    const reference = referenceOf(`${hostOf('source')}/team/app:v1`);
    const { manifest, digest } = await client.getManifest(reference, insecurely, inTime());
    expect(digest).toBe(digestOf('second'));
    expect(asked()).toEqual(['second']);
    if (manifest.kind !== 'index') throw new Error('not an index');
    const [child] = manifest.manifests;
    if (child === undefined) throw new Error('no parts');
    const part = { ...reference, target: { kind: 'digest', digest: child.digest } } as const;
    await client.getManifest(part, insecurely, inTime());
    expect(fronts.get('first')?.log()).toEqual([`GET /v2/team/app/manifests/${child.digest}`]);
    expect(fronts.get('second')?.log()).toEqual([
      'GET /v2/team/app/manifests/v1',
      `GET /v2/team/app/manifests/${child.digest}`,
    ]);
    expect(fronts.get('source')?.log()).toEqual([]);
  });

  it('that pull through are asked in place of the source, which only they ask', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      location = "SOURCE"
      [[registry.mirror]]
      location = "THROUGH"
    `);
    expect(await resolve(client, `${hostOf('source')}/team/app:v1`)).toBe(digestOf('source'));
    expect(asked()).toEqual(['through']);
    expect(fronts.get('source')?.log().length).toBeGreaterThan(0);
  });

  it('are not asked for what is blocked, nor is the source', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      location = "SOURCE/team"
      blocked = true
    `);
    await expect(resolve(client, `${hostOf('source')}/team/app:v1`)).rejects.toMatchObject({
      code: 'blocked',
    });
    expect(asked()).toEqual([]);
    expect(await resolve(client, `${hostOf('source')}/team-other/app:v1`)).toBe(digestOf('source'));
  });

  it('are passed over where their certificate does not verify, unless they themselves may be insecure', async () => {
    const conf = (insecure: boolean): string => `
      [[registry]]
      location = "SOURCE"
      [[registry.mirror]]
      location = "${tlsFront.host}"
      insecure = ${insecure}
    `;
    const reference = `${hostOf('source')}/team/app:v1`;
    expect(await resolve(clientWith(conf(false)), reference)).toBe(digestOf('source'));
    expect(tlsFront.requests).toEqual([]);
    expect(await resolve(clientWith(conf(true)), reference)).toBe(digestOf('first'));
  });

  it('leave an insecure source as strict as it was where only they may be insecure', async () => {
    const client = clientWith(`${insecureMirrors}
      [[registry]]
      location = "SOURCE"
      [[registry.mirror]]
      location = "FIRST"
    `);
    const strict = { ...insecurely, insecure: false };
    const reference = referenceOf(`${hostOf('source')}/team/only-here:v1`);
    await expect(client.resolve(reference, strict, inTime())).rejects.toMatchObject({
      code: 'http-not-https',
    });
    expect(asked()).toEqual(['first']);
  });

  const sets = (policy: string): string =>
    (['Digest', 'Tag'] as const)
      .map((kind) => {
        const mirrors = [`${kind === 'Digest' ? 'FIRST' : 'SECOND'}/team`];
        const entry = { source: 'SOURCE/team', mirrors, mirrorSourcePolicy: policy };
        return JSON.stringify({
          apiVersion: 'config.openshift.io/v1',
          kind: `Image${kind}MirrorSet`,
          metadata: { name: 'team' },
          spec: { [`image${kind}Mirrors`]: [entry] },
        });
      })
      .join('\n---\n');

  it('of an ImageTagMirrorSet are asked for tags, of an ImageDigestMirrorSet for digests', async () => {
    const client = clientWith(insecureMirrors, sets('AllowContactingSource'));
    expect(await resolve(client, `${hostOf('source')}/team/app:v1`)).toBe(digestOf('second'));
    expect(asked()).toEqual(['second']);
    await resolve(client, `${hostOf('source')}/team/app@${digestOf('first')}`);
    expect(asked()).toEqual(['first', 'second']);
    expect(await resolve(client, `${hostOf('source')}/team/only-here:v1`)).toBe(digestOf('source'));
  });

  it('are the only ones that are asked where a set says NeverContactSource', async () => {
    const client = clientWith(insecureMirrors, sets('NeverContactSource'));
    for (const what of [':v1', `@${digestOf('source')}`]) {
      await expect(resolve(client, `${hostOf('source')}/team/only-here${what}`)).rejects.toMatchObject({
        code: expect.stringMatching(/unknown|not-found/),
      });
    }
    expect(fronts.get('source')?.log()).toEqual([]);
    expect(asked()).toEqual(['first', 'second']);
  });
});
