import type { Group, Instead } from '../row.ts';

const configMap = (metadata: string, fields = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}\n${fields}`;

const notServed = (what: string): Instead => ({
  reason: 'not served here: only what image streams touch is',
  code: 1,
  stderr: new RegExp(`^error: .*${what}.*\n$`),
});

const clearer = 'says in plain words what the original says in those of its language';

/** What is refused, and how. */
export const refusing: Group = {
  name: 'refusing',
  files: {
    'name.yaml': configMap('{name: "a b"}'),
    'label.yaml': configMap('{name: label, labels: {"x y": "z"}}'),
    'label-value.yaml': configMap('{name: label-value, labels: {x: "not good"}}'),
    'annotation.yaml': configMap('{name: annotation, annotations: {"x y": "z"}}'),
    'finalizer.yaml': configMap('{name: finalizer, finalizers: [bad]}'),
    'owner.yaml': configMap('{name: owner, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: b}]}'),
    'owner-empty.yaml': configMap(
      '{name: owner-empty, ownerReferences: [{apiVersion: "", kind: "", name: "", uid: x}]}',
    ),
    'version.yaml': configMap('{name: version, resourceVersion: "5"}'),
    'namespace.yaml': configMap('{name: namespace, namespace: elsewhere}'),
    'key.yaml': configMap('{name: key}', 'data: {"bad key": x}'),
    'binary.yaml': configMap('{name: binary}', 'binaryData: {k: "***"}'),
    'both.yaml': configMap('{name: both}', 'data: {k: x}\nbinaryData: {k: eA==}'),
    'type.yaml': configMap('{name: type}', 'data: {k: 1}'),
    'meta.yaml': configMap('[a]'),
    'list.yaml': `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: l1}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: l2}}
`,
    'secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: "not base64!"}\n',
    'dockercfg.yaml':
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\ndata: {k: eA==}\n',
    'frozen.yaml': configMap('{name: frozen}', 'immutable: true\ndata: {k: x}'),
    'broken.yaml': 'apiVersion: v1\nkind: [\n',
    'body.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"raw"}}',
    'kind.json': '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"raw"}}',
    'broken.json': '{"apiVersion":"v1",',
    'no-kind.json': '{"metadata":{"name":"raw"}}',
    'other.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"other"}}',
  },
  rows: [
    { run: 'kubectl create -f name.yaml' },
    { run: 'kubectl create -f label.yaml' },
    { run: 'kubectl create -f label-value.yaml' },
    { run: 'kubectl create -f annotation.yaml' },
    { run: 'kubectl create -f finalizer.yaml' },
    { run: 'kubectl create -f owner.yaml' },
    { run: 'kubectl create -f owner-empty.yaml' },
    { run: 'kubectl create -f version.yaml' },
    { run: 'kubectl create -f namespace.yaml' },
    { run: 'kubectl create -f key.yaml' },
    { run: 'kubectl create -f binary.yaml' },
    { run: 'kubectl create -f both.yaml' },
    {
      run: 'kubectl create -f type.yaml',
      instead: {
        reason: 'names the key as well',
        code: 1,
        stderr: /cannot unmarshal number into Go struct field ConfigMap\.data\.\S+ of type string\n$/,
      },
    },
    { run: 'kubectl create -f meta.yaml' },
    { run: 'kubectl create -f list.yaml' },
    { run: 'kubectl create -f secret.yaml' },
    { run: 'kubectl create -f dockercfg.yaml' },
    { run: 'kubectl create -f broken.yaml' },
    { run: 'kubectl create -f frozen.yaml' },
    { run: `kubectl patch cm frozen --type=merge -p '{"data":{"k":"y"}}'` },
    { run: `kubectl patch cm frozen --type=merge -p '{"immutable":false}'` },
    { run: `kubectl patch cm frozen --type=merge -p '{"metadata":{"uid":"other"}}'` },
    { run: 'kubectl create --raw /api/v1/namespaces/refusing/configmaps -f body.json' },
    { run: 'kubectl create --raw /api/v1/namespaces/refusing/configmaps -f body.json' },
    {
      run: 'kubectl create --raw /api/v1/namespaces/refusing/configmaps -f kind.json',
      instead: {
        reason: clearer,
        code: 1,
        stderr:
          /^Error from server \(BadRequest\): Secret in version "v1" cannot be handled as a ConfigMap\n$/,
      },
    },
    {
      run: 'kubectl create --raw /api/v1/namespaces/refusing/configmaps -f broken.json',
      instead: {
        reason: clearer,
        code: 1,
        stderr:
          /^Error from server \(BadRequest\): the body of the request could not be parsed as JSON: .* at position 19/,
      },
    },
    { run: 'kubectl create --raw /api/v1/namespaces/refusing/configmaps -f no-kind.json' },
    { run: 'kubectl create --raw /api/v1/configmaps -f body.json' },
    { run: 'kubectl create --raw /api/v1/namespaces/refusing/configmaps/raw -f body.json' },
    { run: 'kubectl replace --raw /api/v1/namespaces/refusing/configmaps/raw -f other.json' },
    { run: 'kubectl replace --raw /api/v1/namespaces/refusing/configmaps -f body.json' },
    {
      run: `kubectl delete --raw '/api/v1/namespaces?dryRun=All'`,
    },
    { run: 'kubectl delete --raw /api/v1/namespaces/refusing/configmaps/none' },
    { run: 'kubectl delete --raw /version' },
    { run: 'kubectl get pods', instead: notServed('resource type "pods"') },
    {
      run: 'kubectl create quota q --hard=pods=1',
      instead: notServed('could not find the requested resource'),
    },
    {
      run: 'kubectl create serviceaccount robot',
      instead: notServed('could not find the requested resource'),
    },
    { run: 'kubectl run web --image=nginx', instead: notServed('no matches for kind "Pod"') },
    { run: 'kubectl expose deployment web --port=80' },
    { run: 'kubectl logs deploy/none' },
    { run: 'kubectl exec web -- true', instead: notServed('resource type "pods"') },
    { run: 'kubectl top pods' },
    { run: 'kubectl get cm --as=someone' },
  ],
};
