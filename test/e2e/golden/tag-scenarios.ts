import type { Answer } from '../serve.ts';
import { apiBase } from './oc.ts';
import { readInputs, readOutput } from './recorded.ts';
import { confirmed, open, type Scenario } from './scenario.ts';
import { timelineOf } from './timeline.ts';

const v2 = 'sha256:ff947126c80f6791ee8227af928974b5916d5592b47365956312436e4a56db68';

const streamEdits = [
  { state: 'annotated', type: 'merge', patch: { metadata: { annotations: { a: 'b' } } } },
  {
    state: 'from_changed',
    type: 'json',
    patch: [{ op: 'replace', path: '/spec/tags/0/from/name', value: `${open}/demo/app:v2` }],
  },
  {
    state: 'tag_added',
    type: 'json',
    patch: [
      {
        op: 'add',
        path: '/spec/tags/-',
        value: {
          name: 'edge',
          from: { kind: 'DockerImage', name: `${open}/demo/app:edge` },
          importPolicy: { insecure: true },
        },
      },
    ],
  },
  {
    state: 'policy_changed',
    type: 'json',
    patch: [{ op: 'add', path: '/spec/tags/0/importPolicy/scheduled', value: true }],
  },
  {
    state: 'tag_annotated',
    type: 'json',
    patch: [{ op: 'add', path: '/spec/tags/0/annotations', value: { x: 'y' } }],
  },
  {
    state: 'generation_zero',
    type: 'json',
    patch: [{ op: 'add', path: '/spec/tags/0/generation', value: 0 }],
  },
  { state: 'tag_removed', type: 'json', patch: [{ op: 'remove', path: '/spec/tags/1' }] },
] as const;

/** Tags of streams: written by hand, set by `oc tag`, refused. */
export const tagScenarios: readonly Scenario[] = [
  {
    name: 'istag-api',
    run: async (oc, record) => {
      const base = `${apiBase}/namespaces/g-istag-api`;
      const [first, again, mismatch, bad, imageTag] = readInputs('istag-api');
      const post = async (name: string, plural: string, body: unknown) => {
        record.answer(name, (await oc.post(plural, body)).body);
        await record.settled();
      };
      await post('create_istag', 'imagestreamtags', first);
      await post('create_istag_again', 'imagestreamtags', again);
      await post('create_istag_mismatch', 'imagestreamtags', mismatch);
      await post('create_istag_bad', 'imagestreamtags', bad);
      await post('create_imagetag', 'imagetags', imageTag);
      const get = async (name: string, path: string) =>
        record.answer(name, (await oc.get(`${base}/${path}`)).body);
      await get('imagetag', 'imagetags/app:v1');
      await get('imagetags', 'imagetags');
      await get('istag', 'imagestreamtags/app:v1');
      await get('istag_missing', 'imagestreamtags/app:zzz');
      await get('istag_badname', 'imagestreamtags/app');
      await get('is_missing', 'imagestreams/zzz');
      await get('isimage_missing', `imagestreamimages/app@sha256:${'1'.repeat(64)}`);
      record.printed(12, await oc.getTable(`${base}/imagestreamtags`));
      record.printed(13, await oc.getTable(`${base}/imagetags`));
      await record.state();
    },
  },
  {
    name: 'spec-edit',
    run: async (oc, record) => {
      const base = `${apiBase}/namespaces/g-spec-edit`;
      const [stream] = readInputs('spec-edit');
      record.printed(0, await oc.post('imagestreams', stream));
      await record.state('created');
      for (const [index, { state, type, patch }] of streamEdits.entries()) {
        record.printed(index + 1, await oc.patch(`${base}/imagestreams/app`, patch, type));
        await record.state(state);
      }
      const tag = `${base}/imagestreamtags/app:v1`;
      record.printed(8, await oc.addMetadata(tag, { annotations: { k: 'v' } }));
      record.printed(9, await oc.addMetadata(tag, { labels: { l: 'v' } }));
      await record.state('istag_annotated');
      await record.state();
    },
  },
  {
    name: 'tag-docker',
    run: async (oc, record) => {
      const insecure = true;
      const tags = [
        ['demo/app:v1', 'app:v1', { insecure }],
        ['demo/app:v2', 'app:ref', { insecure, reference: true }],
        ['demo/app:v2', 'app:local', { insecure, referencePolicy: 'Local' }],
        ['demo/multi:latest', 'app:multi', { insecure, importMode: 'PreserveOriginal' }],
        ['demo/app:v1', 'app:secure', {}],
      ] as const;
      for (const [index, [from, target, flags]] of tags.entries()) {
        record.printed(index, await oc.tagDocker(`${open}/${from}`, target, flags));
        await (index === 0 ? record.state('after_insecure') : record.settled());
      }
      record.printed(6, await oc.getTable(`${apiBase}/namespaces/g-tag-docker/imagestreamtags`));
      await record.state();
    },
  },
  {
    name: 'tag-istag',
    run: async (oc, record) => {
      await oc.importImage('app:v1', { ...confirmed, from: `${open}/demo/app:v1` });
      await oc.importImage('app:v2', { ...confirmed, from: `${open}/demo/app:v2` });
      record.printed(2, await oc.tagStream('app:v1', 'app:prod'));
      await record.state('after_prod');
      record.printed(3, await oc.tagStream('app:v1', 'app:al', { alias: true }));
      record.printed(4, await oc.tagStream('app:v1', 'other:x'));
      record.printed(4, await oc.tagStream('app:v1', 'other:y'));
      record.printed(5, await oc.tagStream(`app@${v2}`, 'app:bydigest'));
      record.printed(6, await oc.tagStream('app:v2', 'app:prod'));
      record.printed(7, await oc.tagStream('app:v2', 'app:src'));
      // The client refuses app:nonexist, --scheduled and an alias of another stream: nothing is sent.
      record.printed(9, await oc.tagStream('app:nonexist', 'app:q2', { alias: true }));
      record.printed(12, await oc.tagStream('g-tag-istag/app:v1', 'default/app:cross'));
      await record.settled();
      const copied = `${apiBase}/namespaces/default/imagestreams/app`;
      record.printed(13, await oc.get(copied));
      record.printed(14, await oc.remove(copied));
      await record.state('before_retag_v1');
      // The client refuses another source for an existing tag.
      await record.state('after_v1_moved');
      record.printed(16, await oc.removeTag('app:prod'));
      record.printed(17, await oc.removeTag('app:doesnotexist'));
      await record.state();
    },
  },
  {
    name: 'validation',
    run: async (oc, record) => {
      for (const [index, input] of readInputs('validation').entries())
        record.printed(index, await oc.post('imagestreams', input));
      await record.state();
    },
  },
  {
    name: 'ocm-autoimport',
    run: async (oc, record) => {
      const streams = `${apiBase}/namespaces/g-ocm-autoimport/imagestreams`;
      const { input } = readOutput('ocm-autoimport');
      const created = (await oc.post('imagestreams', input)) as Answer & {
        readonly body: { readonly metadata: { readonly resourceVersion: string } };
      };
      await record.settled();
      await oc.tagDocker(`${open}/demo/app:edge`, 'app:edge', { insecure: true });
      await record.settled();
      await oc.addMetadata(`${streams}/app`, { annotations: { x: 'y' } });
      await oc.addMetadata(`${streams}/app`, {
        annotations: { 'openshift.io/image.dockerRepositoryCheck': null },
      });
      await record.settled();
      const from = created.body.metadata.resourceVersion;
      const watched = await oc.get(`${streams}?watch=true&timeoutSeconds=1&resourceVersion=${from}`);
      const changes = watched.text.trim().split('\n');
      const all = [{ object: created.body }, ...changes.map((change): unknown => JSON.parse(change))];
      record.answer('timeline', all, timelineOf);
    },
  },
];
