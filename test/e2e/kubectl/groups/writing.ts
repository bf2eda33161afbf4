import type { Group, Row } from '../row.ts';

const clearer = 'says in plain words what the original says in those of its language';
const builtIn = 'image streams are a built-in kind here, as in OpenShift, and no custom resource';

const configMap = (data: string): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: web}
data: ${data}
`;

const stream = (image: string): string => `apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  labels: {app: web}
spec:
  tags:
  - name: v1
    reference: true
    from: {kind: DockerImage, name: "${image}"}
`;

/** `kubectl apply` from the client's side, with validation, dry runs and pruning of fields; `diff` beside it. */
export const applying: Group = {
  name: 'applying',
  files: {
    'one.yaml': configMap('{color: blue, size: "3"}'),
    'two.yaml': configMap('{color: red}'),
    'unknown.yaml': `${configMap('{color: red}')}colour: {a: b}\n`,
    'duplicate.yaml': configMap('{color: red}\n').replace('data:', 'data: {x: y}\ndata:'),
    'stream.yaml': stream('example.com/web:1'),
    'stream2.yaml': stream('example.com/web:2'),
    'stream-unknown.yaml': stream('example.com/web:2').replace('reference: true', 'referense: true'),
    'stream-wrong.yaml': stream('example.com/web:2').replace('reference: true', 'reference: "yes"'),
    'kustomization.yaml': 'resources: [one.yaml]\nnamePrefix: my-\ncommonAnnotations: {by: kustomize}\n',
    'unnamed.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
    'generate.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: made-}\n',
    'elsewhere.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other-place}\n',
    'strange.yaml': 'apiVersion: example.com/v1\nkind: Gizmo\nmetadata: {name: a}\n',
  },
  rows: [
    { run: 'kubectl diff -f one.yaml' },
    { run: 'kubectl apply -f one.yaml --dry-run=client' },
    { run: 'kubectl apply -f one.yaml --dry-run=server' },
    { run: 'kubectl get cm settings' },
    { run: 'kubectl apply -f one.yaml' },
    { run: 'kubectl apply -f one.yaml' },
    { run: 'kubectl diff -f one.yaml' },
    { run: 'kubectl diff -f two.yaml' },
    { run: 'kubectl apply -f two.yaml --dry-run=server -o yaml' },
    { run: 'kubectl apply -f two.yaml --dry-run=client' },
    { run: 'kubectl apply -f two.yaml' },
    { run: 'kubectl get cm settings -o yaml' },
    { run: 'kubectl apply view-last-applied cm/settings' },
    { run: 'kubectl apply set-last-applied -f one.yaml' },
    { run: 'kubectl apply -f unknown.yaml' },
    { run: 'kubectl apply -f unknown.yaml --validate=warn' },
    { run: 'kubectl apply -f unknown.yaml --validate=ignore' },
    { run: 'kubectl apply -f duplicate.yaml' },
    { run: 'kubectl apply -f unnamed.yaml' },
    { run: 'kubectl apply -f generate.yaml' },
    { run: 'kubectl apply -f elsewhere.yaml' },
    { run: 'kubectl apply -f strange.yaml' },
    { run: 'kubectl apply -f missing.yaml' },
    { run: 'kubectl apply -k .' },
    { run: 'kubectl apply -f stream.yaml' },
    {
      run: 'kubectl apply -f stream.yaml',
      instead: {
        reason:
          'tags are merged by name here; a patch of a custom resource replaces their list with its defaults',
        code: 0,
        stdout: /^imagestream\.image\.openshift\.io\/web unchanged\n$/,
      },
    },
    {
      run: 'kubectl diff -f stream2.yaml',
      instead: {
        reason: 'a stream has defaults, generations and a status here',
        code: 1,
        stdout: /\n-\s+name: example\.com\/web:1\n[^]*\n\+\s+name: example\.com\/web:2\n/,
      },
    },
    { run: 'kubectl apply -f stream2.yaml' },
    { run: `kubectl get is web -o jsonpath='{.spec.tags[0].name} {.spec.tags[0].from.name}'` },
    { run: 'kubectl apply -f stream-unknown.yaml' },
    { run: 'kubectl apply -f stream-unknown.yaml --validate=warn' },
    {
      run: 'kubectl apply -f stream-wrong.yaml',
      instead: {
        reason: builtIn,
        code: 1,
        stderr:
          /cannot unmarshal string into Go struct field ImageStream\.spec\.tags\[0\]\.reference of type bool/,
      },
    },
    { run: 'kubectl apply -f one.yaml --prune --prune-allowlist=core/v1/ConfigMap -l app=web' },
    {
      run: 'kubectl apply -f one.yaml --prune -l app=web',
      instead: {
        reason: 'kubectl prunes kinds that are not served here, unless told which',
        code: 1,
        stdout: /^configmap\/settings unchanged\n$/,
        stderr: /no matches for kind "Endpoints"/,
      },
    },
  ],
};

const applied = (name: string, metadata: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  ${metadata}\n`;

const streamNamed = (name: string, spec: string): string =>
  `apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;

/** What is managed of an object, without times; in an order that does not depend on them. */
const managed = (object: string): Row => ({
  run: `kubectl get ${object} --show-managed-fields -o jsonpath='{.metadata.finalizers}{"\\n"}{range .metadata.managedFields[*]}{.manager} {.operation} {.fieldsV1}{"\\n"}{end}' | sort`,
});

/** The same of a stream. */
const managedStream: Row = {
  ...managed('is empty'),
  except: [{ lines: /^before-first-apply /, reason: 'a stream has defaults, which nobody applied' }],
};

const applyRow = (file: string, manager: string): Row => ({
  run: `kubectl apply --server-side --field-manager=${manager} -f ${file}`,
});

/** A set that several manage: each takes away only what is its own. */
const finalizerRows: readonly Row[] = [
  applyRow('held.yaml', 'first'),
  applyRow('held-three.yaml', 'second'),
  managed('cm held'),
  applyRow('held-one.yaml', 'first'),
  managed('cm held'),
  applyRow('held-none.yaml', 'first'),
  managed('cm held'),
  applyRow('held.yaml', 'first'),
  applyRow('held-null.yaml', 'first'),
  { ...managed('cm held'), known: 'a field that is applied as null has no manager' },
  applyRow('held.yaml', 'first'),
  { run: 'kubectl delete cm held --wait=false' },
  applyRow('held-one.yaml', 'first'),
  managed('cm held'),
  applyRow('held.yaml', 'first'),
  applyRow('held-none.yaml', 'first'),
  applyRow('held-none.yaml', 'second'),
  { run: 'kubectl get cm held' },
];

/** What is applied although there is nothing in it. */
const emptinessRows: readonly Row[] = [
  applyRow('empty.yaml', 'first'),
  { run: 'kubectl get cm empty -o yaml' },
  managed('cm empty'),
  applyRow('filled.yaml', 'first'),
  managed('cm empty'),
  applyRow('empty.yaml', 'first'),
  { run: 'kubectl get cm empty -o yaml' },
  managed('cm empty'),
  applyRow('tags.yaml', 'first'),
  managed('is empty'),
  applyRow('tags-one.yaml', 'first'),
  managedStream,
  applyRow('tags.yaml', 'first'),
  managedStream,
  {
    run: `kubectl get is empty -o jsonpath='{.spec.tags}'`,
    instead: { reason: builtIn, code: 0, stdout: /^$/ },
  },
  applyRow('tags-one.yaml', 'first'),
  applyRow('tags-null.yaml', 'first'),
  managedStream,
];

/** Server-side apply: who owns which field. */
export const serverSideApply: Group = {
  name: 'server-side',
  files: {
    'one.yaml': configMap('{color: blue, size: "3"}'),
    'two.yaml': configMap('{color: red}'),
    'stream.yaml': stream('example.com/web:1'),
    'stream2.yaml': stream('example.com/web:2'),
    'third.yaml': stream('example.com/web:3').replace('- name: v1', '- name: v3'),
    'third-none.yaml': stream('').replace(/spec:[^]*/, ''),
    'unknown.yaml': `${configMap('{color: red}').replace('name: settings', 'name: unknown')}colour: {a: b}\n`,
    'client.yaml': configMap('{color: red}').replace('name: settings', 'name: client'),
    'created.yaml': configMap('{color: red}').replace('name: settings', 'name: created'),
    'held.yaml': applied('held', 'finalizers: [example.com/one, example.com/two]'),
    'held-one.yaml': applied('held', 'finalizers: [example.com/two]'),
    'held-none.yaml': applied('held', 'finalizers: []'),
    'held-null.yaml': applied('held', 'finalizers: null'),
    'held-three.yaml': applied('held', 'finalizers: [example.com/three]'),
    'empty.yaml': `${applied('empty', 'labels: {}')}data: {}\n`,
    'filled.yaml': `${applied('empty', 'labels: {a: b}')}data: {k: v}\n`,
    'tags.yaml': streamNamed('empty', 'tags: []'),
    'tags-one.yaml': streamNamed('empty', 'tags: [{name: a}, {name: b}]'),
    'tags-null.yaml': streamNamed('empty', 'tags: null'),
  },
  rows: [
    { run: 'kubectl apply --server-side -f one.yaml' },
    { run: 'kubectl apply --server-side -f one.yaml' },
    { run: 'kubectl apply --server-side --field-manager=other -f two.yaml' },
    { run: 'kubectl apply --server-side --field-manager=other -f two.yaml --force-conflicts' },
    { run: 'kubectl get cm settings --show-managed-fields -o yaml' },
    { run: 'kubectl apply --server-side -f stream.yaml' },
    { run: 'kubectl apply --server-side --field-manager=other -f stream2.yaml' },
    {
      run: 'kubectl diff --server-side -f stream2.yaml',
      instead: {
        reason: 'a stream has defaults, generations and a status here',
        code: 1,
        stdout: /\n-\s+name: example\.com\/web:1\n[^]*\n\+\s+name: example\.com\/web:2\n/,
      },
    },
    { run: 'kubectl apply --server-side --field-manager=other -f stream2.yaml --force-conflicts' },
    { run: 'kubectl apply --server-side --field-manager=third -f third.yaml' },
    { run: `kubectl get is web -o jsonpath='{.spec.tags[*].name}'` },
    { run: 'kubectl apply --server-side --field-manager=third -f third-none.yaml' },
    { run: `kubectl get is web -o jsonpath='{.spec.tags[*].name}'` },
    { run: 'kubectl apply --server-side -f stream.yaml --dry-run=server' },
    {
      run: 'kubectl apply --server-side -f unknown.yaml',
      instead: {
        reason: 'a bad request is no failure of the server, and is worded as everywhere else',
        code: 1,
        stderr: /^Error from server \(BadRequest\): .*strict decoding error: unknown field "colour"\n$/,
      },
    },
    {
      run: 'kubectl apply --server-side -f unknown.yaml --validate=warn',
      instead: {
        reason: 'a warning is all that was asked for',
        code: 0,
        stdout: /^configmap\/unknown serverside-applied\n$/,
        stderr: /^Warning: unknown field "colour"\n$/,
      },
    },
    { run: 'kubectl apply -f client.yaml' },
    { run: 'kubectl apply --server-side -f client.yaml' },
    {
      run: 'kubectl get cm client --show-managed-fields -o yaml',
      known: 'times that the handing over leaves out',
    },
    { run: 'kubectl create cm created --from-literal=color=blue' },
    {
      run: 'kubectl apply --server-side -f created.yaml',
      instead: {
        reason: 'who wrote fields before the first apply is not noted: it is one manager for them all',
        code: 1,
        stderr:
          /^error: Apply failed with 1 conflict: conflict with "before-first-apply" using v1: \.data\.color\n/,
      },
    },
    ...finalizerRows,
    ...emptinessRows,
    { run: 'kubectl label cm settings touched=yes' },
    {
      run: `kubectl get cm settings -o jsonpath='{range .metadata.managedFields[*]}{.manager} {.operation}{"\\n"}{end}' --show-managed-fields`,
    },
  ],
};

/** Patches, replacements, edits, labels and annotations. */
export const changing: Group = {
  name: 'changing',
  files: {
    'one.yaml': configMap('{color: blue}'),
    'stream.yaml': stream('example.com/web:1'),
    'new.yaml': configMap('{color: green}').replace('name: settings', 'name: new'),
    'patch.yaml': 'data: {shape: round}\n',
  },
  rows: [
    { run: 'kubectl create -f one.yaml -f stream.yaml' },
    { run: `kubectl patch cm settings --type=merge -p '{"data":{"size":"1"}}'` },
    { run: `kubectl patch cm settings --type=merge -p '{"data":{"size":"1"}}'` },
    { run: `kubectl patch cm settings -p '{"data":{"size":null,"weight":"2"}}' -o yaml` },
    {
      run: `kubectl patch cm settings --type=json -p '[{"op":"replace","path":"/data/weight","value":"4"}]'`,
    },
    { run: `kubectl patch cm settings --type=json -p '[{"op":"test","path":"/data/weight","value":"5"}]'` },
    { run: `kubectl patch cm settings --type=json -p '[{"op":"remove","path":"/data/none"}]'` },
    {
      run: `kubectl patch cm settings --type=json -p '{"op":"remove"}'`,
      instead: {
        reason: clearer,
        code: 1,
        stderr: /^Error from server \(BadRequest\): a JSON patch is a list of operations\n$/,
      },
    },
    {
      run: `kubectl patch cm settings --type=merge -p '{"data":{"size":1}}'`,
      instead: {
        reason: 'names the key as well',
        code: 1,
        stderr: /cannot unmarshal number into Go struct field ConfigMap\.data\.size of type string\n$/,
      },
    },
    {
      run: `kubectl patch cm settings --type=merge -p 'not json'`,
      instead: {
        reason: clearer,
        code: 1,
        stderr: /^Error from server \(BadRequest\): the patch is not a JSON object\n$/,
      },
    },
    { run: `kubectl patch cm settings --patch-file=patch.yaml` },
    { run: `kubectl patch cm settings -p '{"data":{"dry":"run"}}' --dry-run=server -o jsonpath={.data.dry}` },
    { run: 'kubectl get cm settings -o jsonpath={.data}' },
    { run: `kubectl patch cm settings --type=merge -p '{"metadata":{"name":"renamed"}}'` },
    { run: `kubectl patch cm settings --type=merge -p '{"metadata":{"resourceVersion":"1"}}'` },
    { run: `kubectl patch cm none -p '{"data":{"a":"b"}}'` },
    { run: `kubectl patch is web --type=merge -p '{"spec":{"lookupPolicy":{"local":true}}}'` },
    {
      run: `kubectl patch is web --type=json -p '[{"op":"add","path":"/spec/tags/-","value":{"name":"v2","reference":true,"from":{"kind":"DockerImage","name":"example.com/web:2"}}}]'`,
    },
    { run: `kubectl get is web -o jsonpath='{.spec.tags[*].name} {.spec.lookupPolicy.local}'` },
    {
      run: `kubectl patch is web -p '{"spec":{"tags":[{"name":"v3"}]}}'`,
      instead: { reason: builtIn, code: 0, stdout: /^imagestream\.image\.openshift\.io\/web patched\n$/ },
    },
    { run: 'kubectl label cm settings tier=front' },
    { run: 'kubectl label cm settings tier=front' },
    { run: 'kubectl label cm settings tier=back' },
    { run: 'kubectl label cm settings tier=back --overwrite' },
    { run: 'kubectl label cm settings tier-' },
    { run: 'kubectl label cm settings tier-' },
    { run: 'kubectl label cm settings a=b --resource-version=1' },
    { run: `kubectl label cm settings 'bad key=b'` },
    { run: 'kubectl label cm settings --list' },
    { run: 'kubectl label cm --all all=yes' },
    { run: 'kubectl label is web tier=front' },
    { run: 'kubectl annotate cm settings note=hello' },
    { run: 'kubectl annotate cm settings note=goodbye' },
    { run: 'kubectl annotate cm settings note-' },
    { run: 'kubectl annotate cm -l app=web note=hello' },
    { run: 'kubectl annotate is web note=hello' },
    { run: 'kubectl edit cm settings', env: { EDITOR: 'sed -i s/blue/black/' } },
    { run: 'kubectl edit cm settings', env: { EDITOR: 'true' } },
    { run: 'kubectl edit is web', env: { EDITOR: 'sed -i s/hello/edited/' } },
    { run: `kubectl get is web -o jsonpath='{.metadata.annotations.note}'` },
    { run: 'kubectl get cm settings -o yaml > old.yaml; kubectl replace -f old.yaml' },
    { run: 'kubectl label cm settings newer=yes; kubectl replace -f old.yaml' },
    { run: 'kubectl replace -f new.yaml' },
    { run: 'kubectl replace --force -f one.yaml' },
    {
      run: 'kubectl get is web -o yaml > stream-old.yaml; kubectl label is web newer=yes; kubectl replace -f stream-old.yaml',
    },
    { run: 'kubectl replace -f stream.yaml' },
    { run: 'kubectl set data cm settings a=b' },
  ],
};

/** Deletions. */
export const deleting: Group = {
  name: 'deleting',
  files: {
    'one.yaml': configMap('{color: blue}'),
    'held.yaml': configMap('{}').replace('name: settings', 'name: held\n  finalizers: [example.com/hold]'),
    'owned.yaml': configMap('{}').replace(
      'name: settings',
      'name: owned\n  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: u, blockOwnerDeletion: true}]',
    ),
    'torn.yaml': configMap('{}').replace(
      'name: settings',
      'name: torn\n  finalizers: [orphan, foregroundDeletion]',
    ),
    'controllers.yaml': configMap('{}').replace(
      'name: settings',
      'name: controllers\n  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: u, controller: true}, {apiVersion: v1, kind: ConfigMap, name: y, uid: v, controller: true}]',
    ),
  },
  rows: [
    { run: 'kubectl create -f one.yaml' },
    { run: 'kubectl delete -f one.yaml --dry-run=server' },
    { run: 'kubectl delete -f one.yaml --dry-run=client' },
    { run: 'kubectl delete -f one.yaml' },
    { run: 'kubectl delete -f one.yaml' },
    { run: 'kubectl delete -f one.yaml --ignore-not-found' },
    { run: 'for name in a b c d; do kubectl create cm $name; kubectl label cm $name app=$name; done' },
    { run: 'kubectl delete cm a' },
    { run: 'kubectl delete cm a' },
    { run: 'kubectl delete cm/b -o name' },
    { run: 'kubectl delete cm -l app=c' },
    { run: 'kubectl delete cm -l app=none' },
    { run: 'kubectl delete cm' },
    { run: 'kubectl create -f held.yaml' },
    { run: 'kubectl delete cm held --wait=false' },
    { run: 'kubectl get cm held -o yaml' },
    { run: 'kubectl delete cm held --timeout=1s' },
    { run: 'kubectl label cm held still=here' },
    {
      run: `kubectl patch cm held --type=json -p '[{"op":"add","path":"/metadata/finalizers/-","value":"a.io/b"}]'`,
    },
    {
      run: 'kubectl delete cm held',
      during: [`kubectl patch cm held --type=merge -p '{"metadata":{"finalizers":null}}'`],
    },
    { run: 'kubectl get cm held' },
    { run: 'kubectl create cm e; kubectl create secret generic f' },
    { run: 'kubectl delete cm,secret --all' },
    { run: 'kubectl get cm,secret' },
    { run: 'kubectl create cm g; kubectl delete cm g --cascade=orphan --wait=false' },
    { run: 'kubectl create cm h; kubectl delete cm h --cascade=foreground --wait=false' },
    { run: 'kubectl create cm i; kubectl delete cm i --cascade=background' },
    { run: 'kubectl create cm j; kubectl delete cm j --cascade=sideways' },
    {
      run: `kubectl create cm k; kubectl delete --raw '/api/v1/namespaces/deleting/configmaps/k?propagationPolicy=Foreground' | grep -o '"finalizers":[^]]*]'`,
    },
    {
      run: `kubectl create cm l; kubectl delete --raw '/api/v1/namespaces/deleting/configmaps/l?propagationPolicy=Orphan' | grep -o '"finalizers":[^]]*]'`,
    },
    {
      run: `kubectl create cm m; kubectl delete --raw '/api/v1/namespaces/deleting/configmaps/m?orphanDependents=true' | grep -o '"finalizers":[^]]*]'`,
    },
    {
      run: `kubectl create cm n; kubectl delete --raw '/api/v1/namespaces/deleting/configmaps/n?propagationPolicy=Background' | grep -o '"status":"[^"]*"'`,
    },
    { run: `kubectl delete --raw '/api/v1/namespaces/deleting/configmaps/n?propagationPolicy=Never'` },
    {
      run: `kubectl delete --raw '/api/v1/namespaces/deleting/configmaps/n?propagationPolicy=Orphan&orphanDependents=true'`,
    },
    { run: 'kubectl create -f owned.yaml --dry-run=server -o jsonpath={.metadata.ownerReferences}' },
    { run: 'kubectl create -f torn.yaml' },
    { run: 'kubectl create -f controllers.yaml' },
    { run: 'kubectl create cm o; kubectl delete cm o --cascade=foreground --dry-run=server' },
    { run: 'kubectl get cm o -o name' },
    { run: 'kubectl delete ns nowhere' },
    { run: 'kubectl create ns deleting-too; kubectl delete ns deleting-too --wait=false' },
  ],
};
