import type { Group } from '../row.ts';

const files = {
  'settings.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: web, tier: front}
  annotations: {note: hello}
data:
  color: blue
  size: "3"
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: other
  labels: {app: api}
data:
  color: red
---
apiVersion: v1
kind: Secret
metadata:
  name: token
  labels: {app: web}
stringData:
  password: hunter2
`,
};

/** `kubectl get` in every output format, with every kind of selection. */
export const reading: Group = {
  name: 'reading',
  files,
  rows: [
    { run: 'kubectl get cm' },
    { run: 'kubectl create -f settings.yaml' },
    { run: 'kubectl get cm' },
    { run: 'kubectl get cm -o wide' },
    { run: 'kubectl get cm,secret' },
    { run: 'kubectl get cm settings' },
    { run: 'kubectl get cm/settings secret/token' },
    { run: 'kubectl get cm other settings' },
    { run: 'kubectl get configmaps settings -o yaml' },
    { run: 'kubectl get configmap settings -o json' },
    { run: 'kubectl get cm -o yaml' },
    { run: 'kubectl get secret token -o yaml' },
    { run: 'kubectl get cm -o name' },
    { run: 'kubectl get cm,secret -o name' },
    { run: `kubectl get cm -o jsonpath='{range .items[*]}{.metadata.name}={.data.color}{"\\n"}{end}'` },
    { run: `kubectl get cm settings -o jsonpath-as-json='{.data}'` },
    { run: `kubectl get cm -o go-template='{{range .items}}{{.metadata.name}} {{end}}'` },
    { run: 'kubectl get cm -o custom-columns=NAME:.metadata.name,COLOR:.data.color,NONE:.data.none' },
    { run: 'kubectl get cm --sort-by=.data.color --no-headers' },
    { run: 'kubectl get cm --show-labels' },
    { run: 'kubectl get cm -L app,tier' },
    { run: 'kubectl get cm --show-kind' },
    { run: 'kubectl get cm -l app=web' },
    { run: `kubectl get cm -l 'app in (web, api),tier!=back' -o name` },
    { run: `kubectl get cm -l '!tier' -o name` },
    { run: 'kubectl get cm -l app=none' },
    { run: `kubectl get cm -l 'app in'` },
    { run: `kubectl get cm -l 'app in (a'` },
    { run: `kubectl get cm -l 'app=a b'` },
    { run: `kubectl get cm -l '=a'` },
    { run: `kubectl get cm -l 'app='` },
    { run: `kubectl get cm -l 'app>x'` },
    { run: 'kubectl get cm --field-selector metadata.name=other' },
    { run: 'kubectl get cm --field-selector metadata.name!=other -o name' },
    { run: 'kubectl get cm --field-selector data.color=red' },
    { run: 'kubectl get secret --field-selector data.color=red' },
    { run: 'kubectl get ns --field-selector data.color=red' },
    { run: 'kubectl get deploy --field-selector data.color=red' },
    { run: 'kubectl get events --field-selector data.color=red' },
    {
      run: 'kubectl get ns --field-selector status.phase=Active,metadata.name=reading',
    },
    { run: 'kubectl get secret --field-selector type=Opaque' },
    { run: 'kubectl get secret --field-selector type!=Opaque' },
    { run: 'kubectl get cm -A --field-selector metadata.namespace=reading' },
    { run: 'kubectl get cm --chunk-size=1' },
    {
      run: 'kubectl get cm settings --show-managed-fields -o yaml',
      known: 'fields have no manager before the first apply',
    },
    { run: 'kubectl get -f settings.yaml' },
    { run: 'kubectl get cm nothing' },
    { run: 'kubectl get cm nothing --ignore-not-found' },
    { run: 'kubectl get cm settings nothing' },
    { run: 'kubectl get cm -n nowhere' },
    { run: 'kubectl get cm --server-print=false' },
    { run: 'kubectl get all' },
    { run: 'kubectl get gizmos' },
    { run: 'kubectl get cm settings --subresource=status' },
    { run: 'kubectl get ns reading' },
    { run: 'kubectl get ns reading -o yaml' },
    { run: 'kubectl get ns -l kubernetes.io/metadata.name=reading -o name' },
  ],
};

/** Watches: each line that a change brings. */
export const watching: Group = {
  name: 'watching',
  rows: [
    { run: 'kubectl create cm first' },
    {
      run: 'kubectl get cm -w',
      during: ['kubectl create cm second', 'kubectl label cm first a=b', 'kubectl delete cm second'],
      lines: 5,
    },
    {
      run: 'kubectl get cm --watch-only --no-headers',
      during: ['kubectl create cm third', 'kubectl delete cm third'],
      lines: 2,
    },
    {
      run: 'kubectl get cm -w --output-watch-events',
      during: ['kubectl annotate cm first c=d', 'kubectl create cm fourth', 'kubectl delete cm fourth'],
      lines: 5,
    },
    {
      run: 'kubectl get cm first -w -o name',
      during: ['kubectl create cm fifth', 'kubectl label cm first e=f'],
      lines: 2,
    },
    {
      run: `kubectl get cm -l watched=yes --watch-only --output-watch-events -o jsonpath='{.type} {.object.metadata.name}{"\\n"}'`,
      during: ['kubectl label cm first watched=yes', 'kubectl label cm first watched-'],
      lines: 2,
    },
    {
      run: 'kubectl get cm -w -A --field-selector metadata.name=sixth --no-headers --output-watch-events',
      during: ['kubectl create cm sixth', 'kubectl delete cm sixth'],
      lines: 2,
    },
    {
      run: 'kubectl wait cm/first --for=jsonpath={.data.state}=done --timeout=10s',
      during: [`kubectl patch cm first --type=merge -p '{"data":{"state":"done"}}'`],
    },
    { run: 'kubectl wait cm/first --for=jsonpath={.data.state}=done --timeout=10s' },
    { run: 'kubectl wait cm/first --for=jsonpath={.data.state} --timeout=10s' },
    {
      run: 'kubectl wait cm/first --for=delete --timeout=10s',
      during: ['kubectl delete cm first --wait=false'],
    },
    { run: 'kubectl wait cm/first --for=delete --timeout=10s' },
    { run: 'kubectl wait cm/first --for=jsonpath={.data.state}=done --timeout=1s' },
    {
      run: 'kubectl wait cm/late --for=create --timeout=10s',
      during: ['kubectl create cm late'],
    },
    { run: 'kubectl wait cm/late --for=condition=Ready --timeout=1s' },
    { run: 'kubectl wait cm --all --for=jsonpath={.kind}=ConfigMap --timeout=10s' },
    { run: 'kubectl wait ns/watching --for=jsonpath={.status.phase}=Active --timeout=10s' },
  ],
};
