import type { Group, Row } from '../row.ts';
import { builtIn, configMap, stream } from './manifests.ts';

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
