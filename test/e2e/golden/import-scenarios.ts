import { eventually } from '../serve.ts';
import { apiBase, type Oc } from './oc.ts';
import { readInputs } from './recorded.ts';
import { closed, confirmed, open, type Scenario } from './scenario.ts';

const create = async (oc: Oc, scenario: string): Promise<void> => {
  for (const input of readInputs(scenario)) await oc.post('imagestreams', input);
};

const emptyStream = (name: string, local: boolean) => ({
  kind: 'ImageStream',
  apiVersion: 'image.openshift.io/v1',
  metadata: { name },
  spec: { lookupPolicy: { local } },
  status: { dockerImageRepository: '' },
});

const triggerPatch = (triggers: readonly unknown[] | null, paused?: boolean | null) => ({
  metadata: { annotations: { 'image.openshift.io/triggers': JSON.stringify(triggers) } },
  ...(paused === undefined ? {} : { spec: { paused } }),
});
const trigger = {
  from: { kind: 'ImageStreamTag', name: 'app:latest' },
  fieldPath: 'spec.template.spec.containers[?(@.name=="placeholder")].image',
};

/** Creating streams, importing, triggers. */
export const importScenarios: readonly Scenario[] = [
  {
    name: 'artifact',
    run: async (oc, record) => {
      await oc.importImage('a:latest', { ...confirmed, from: `${open}/demo/artifact:latest` });
      await record.state();
    },
  },
  {
    name: 'attest-index',
    run: async (oc, record) => {
      await oc.importImage('a:legacy', { ...confirmed, from: `${open}/demo/attest:latest` });
      await oc.importImage('a:preserve', {
        ...confirmed,
        from: `${open}/demo/attest:latest`,
        importMode: 'PreserveOriginal',
      });
      await record.state();
    },
  },
  {
    name: 'create-docker-repo-spec',
    run: async (oc, record) => {
      await create(oc, 'create-docker-repo-spec');
      await record.state();
      const streams = `${apiBase}/namespaces/g-create-docker-repo-spec/imagestreams`;
      record.printed(1, await oc.getTable(streams));
    },
  },
  {
    name: 'create-empty',
    run: async (oc, record) => {
      await oc.post('imagestreams', emptyStream('empty', false));
      await create(oc, 'create-empty');
      await oc.post('imagestreams', emptyStream('local', true));
      await record.state();
    },
  },
  {
    name: 'create-spec-tags',
    run: async (oc, record) => {
      await create(oc, 'create-spec-tags');
      await record.state();
      const base = `${apiBase}/namespaces/g-create-spec-tags`;
      record.answer('table', (await oc.get(`${base}/imagestreams?limit=500`)).body);
      record.printed(1, await oc.getTable(`${base}/imagestreams`));
      record.printed(2, await oc.getTable(`${base}/imagestreams`));
      record.printed(3, await oc.getTable(`${base}/imagestreamtags`));
      record.printed(5, await oc.get(`${base}/imagestreams/app`));
      record.printed(6, await oc.get(`${base}/imagestreamtags/app:v1`));
    },
  },
  {
    name: 'import-all',
    run: async (oc, record) => {
      await oc.importImage('app', { ...confirmed, all: true, from: `${open}/demo/app` });
      await record.state('after_first');
      await oc.importImage('app', { all: true, insecure: true });
      await record.state();
    },
  },
  {
    name: 'import-all-many',
    run: async (oc, record) => {
      await oc.importImage('many', { ...confirmed, all: true, from: `${open}/demo/many` });
      await record.state();
    },
  },
  {
    name: 'import-api',
    run: async (oc, record) => {
      const keys = [
        'dry_one',
        'dry_manifest',
        'dry_repo',
        'import_noto',
        'mixed',
        'empty',
        'badkind',
        'badname',
        'emptyname',
        'repo_with_tag',
        'both',
        'dry_preserve',
        'dry_unreachable',
      ];
      for (const [index, input] of readInputs('import-api').entries()) {
        record.answer(keys[index] ?? '', (await oc.post('imagestreamimports', input)).body);
      }
      await record.state();
    },
  },
  {
    name: 'import-confirm',
    run: async (oc, record) => {
      await oc.importImage('app:v1', { ...confirmed, from: `${open}/demo/app:v1` });
      await record.state('after_first');
      await oc.importImage('app:v1');
      await record.state();
    },
  },
  {
    name: 'import-default-latest',
    run: async (oc, record) => {
      await oc.importImage('app', { ...confirmed, from: `${open}/demo/app` });
      await oc.importImage('app');
      await oc.importImage('app:nope');
      await oc.importImage('missing');
      await record.state();
    },
  },
  {
    name: 'import-missing-digest',
    run: async (oc, record) => {
      await oc.importImage('app:v1', { ...confirmed, from: `${open}/demo/app@sha256:${'0'.repeat(64)}` });
      await record.state();
    },
  },
  {
    name: 'import-missing-repo',
    run: async (oc, record) => {
      await oc.importImage('app:v1', { ...confirmed, from: `${open}/demo/nothere:v1` });
      await oc.importImage('app2', { ...confirmed, all: true, from: `${open}/demo/nothere` });
      await record.state();
    },
  },
  {
    name: 'import-missing-tag',
    run: async (oc, record) => {
      await oc.importImage('app:nope', { ...confirmed, from: `${open}/demo/app:nope` });
      await record.state();
    },
  },
  {
    name: 'import-noconfirm',
    run: async (oc, record) => {
      await oc.importImage('app:v1', { from: `${open}/demo/app:v1`, insecure: true });
      await oc.importImage('app:v1', { ...confirmed, from: `${open}/demo/app:v1`, dryRun: true });
      await oc.importImage('app:v1', { ...confirmed, from: `${open}/demo/app:v1`, dryRun: true });
      await oc.importImage('app:v1', { ...confirmed, from: `${open}/demo/app:v1` });
      // The client refuses another source for an existing tag, with and without --confirm: nothing is sent.
      await record.state();
    },
  },
  {
    name: 'import-tls-to-http',
    run: async (oc, record) => {
      await oc.importImage('app:v1', { from: `${open}/demo/app:v1`, confirm: true });
      await record.state();
    },
  },
  {
    name: 'import-unreachable',
    run: async (oc, record) => {
      await oc.importImage('app:v1', { ...confirmed, from: '127.0.0.1:1/demo/app:v1' });
      await oc.importImage('app2:v1', { confirm: true, from: '127.0.0.1:1/demo/app:v1' });
      await record.state();
    },
  },
  {
    name: 'multi-legacy',
    run: async (oc, record) => {
      await oc.importImage('multi:latest', { ...confirmed, from: `${open}/demo/multi:latest` });
      await oc.importImage('noamd:latest', { ...confirmed, from: `${open}/demo/multi:noamd64` });
      await oc.importImage('ml:latest', {
        ...confirmed,
        from: `${open}/demo/multi:latest`,
        importMode: 'Legacy',
      });
      await oc.importImage('bad:latest', {
        ...confirmed,
        from: `${open}/demo/multi:latest`,
        importMode: 'Foo',
      });
      await record.state();
    },
  },
  {
    name: 'multi-platform-annotation',
    run: async (oc, record) => {
      await create(oc, 'multi-platform-annotation');
      await record.settled();
      await oc.importImage('m:arm');
      await oc.importImage('m', { all: true });
      await record.state();
    },
  },
  {
    name: 'multi-preserve',
    run: async (oc, record) => {
      await oc.importImage('multi:latest', {
        ...confirmed,
        from: `${open}/demo/multi:latest`,
        importMode: 'PreserveOriginal',
      });
      const base = `${apiBase}/namespaces/g-multi-preserve`;
      const list = 'sha256:217309aa4e129c688ab1482642d61ad21f1beb58a049e0e5c8a68f6235f56dee';
      const arm64 = 'sha256:abc4deb61af6398357016a76c303d9af17499967209bd29a0208fe93811106ee';
      record.printed(3, await oc.get(`${base}/imagestreamtags/multi:latest`));
      record.printed(4, await oc.get(`${base}/imagestreamimages/multi@${arm64}`));
      record.printed(5, await oc.get(`${base}/imagestreamimages/multi@${list}`));
      record.answer('layers', (await oc.get(`${base}/imagestreams/multi/layers`)).body);
      for (const [name, digest] of [
        ['image_amd64', 'sha256:eb74c72ca661dfc9b1ca9bb44e061507c8080f5306e10aec12c83ea299787e50'],
        ['image_arm64', arm64],
        ['image_s390x', 'sha256:14bf544304500160b05aa7a1f6acead5f98e246ca4cc100967158c40508933da'],
      ] as const) {
        record.answer(name, (await oc.get(`${apiBase}/images/${digest}`)).body);
      }
      await record.state();
    },
  },
  {
    name: 'oci-index',
    run: async (oc, record) => {
      await oc.importImage('o:legacy', { ...confirmed, from: `${open}/demo/oci:latest` });
      await oc.importImage('o:preserve', {
        ...confirmed,
        from: `${open}/demo/oci:latest`,
        importMode: 'PreserveOriginal',
      });
      await oc.importImage('o:single', { ...confirmed, from: `${open}/demo/oci:single` });
      await record.state();
    },
  },
  {
    name: 'private-nosecret-then-secret',
    run: async (oc, record) => {
      const core = '/api/v1/namespaces/g-private-nosecret-then-secret/secrets';
      await oc.importImage('p:v1', { ...confirmed, from: `${closed}/private/app:v1` });
      await record.state('without_secret');
      await oc.createDockerSecret('wrong', closed, 'alice', 'nope');
      await oc.importImage('p:v1');
      await record.state('wrong_secret');
      await oc.remove(`${core}/wrong`);
      await oc.createDockerSecret('reg', closed, 'alice', 'secret');
      const streams = `${apiBase}/namespaces/g-private-nosecret-then-secret/imagestreams`;
      // Here a new secret is enough: the import below finds nothing left to do.
      await eventually(
        () => oc.get(`${streams}/p`),
        ({ text }) => text.includes('"imported":true'),
        'the tag is imported with the secret',
      );
      record.answer('secrets_subresource', (await oc.get(core)).body);
      record.answer('is_secrets', (await oc.get(`${streams}/p/secrets`)).body);
      await oc.importImage('p:v1');
      await oc.importImage('pall', { ...confirmed, all: true, from: `${closed}/private/app` });
      await record.state();
    },
  },
  {
    name: 'scheduled',
    run: async (oc, record) => {
      await oc.importImage('app:edge', { ...confirmed, scheduled: true, from: `${open}/demo/app:edge` });
      await oc.tagDocker(`${open}/demo/app:v1`, 'app:v1', { insecure: true, scheduled: true });
      await record.state();
    },
  },
  {
    name: 'triggers',
    run: async (oc, record) => {
      await oc.importImage('app:latest', { ...confirmed, from: `${open}/demo/app:v1` });
      await oc.createDeployment('web', 'placeholder:1', 0);
      await record.state('no_such_container');
      await oc.setTriggers('web', triggerPatch([trigger]));
      await record.state('after_set');
      await oc.tagDocker(`${open}/demo/app:v2`, 'app:latest', { insecure: true });
      await record.state('after_update');
      await oc.setTriggers('web', triggerPatch([{ ...trigger, paused: true }], true));
      await record.state('manual');
      await oc.tagDocker(`${open}/demo/app:edge`, 'app:latest', { insecure: true });
      await record.state('manual_after_tag');
      await oc.setTriggers('web', triggerPatch([trigger], null));
      await record.state('auto');
      await oc.setTriggers('web', triggerPatch(null, true));
      await record.state('removed');
      await record.state();
    },
  },
];
