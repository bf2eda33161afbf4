import type { Group } from '../row.ts';
import { builtIn, clearer, configMap, stream } from './manifests.ts';

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
