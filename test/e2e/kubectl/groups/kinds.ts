import type { Group } from '../row.ts';

/** `kubectl create` of the built-in kinds: much of it sent as protobuf. */
export const creating: Group = {
  name: 'creating',
  files: { 'text.txt': 'some text\n' },
  rows: [
    { run: 'kubectl create namespace creating-one' },
    { run: 'kubectl create namespace creating-one' },
    { run: 'kubectl create namespace Creating_One' },
    { run: 'kubectl get ns creating-one -o yaml' },
    { run: 'kubectl create configmap literal --from-literal=a=b --from-file=text.txt' },
    { run: 'kubectl get cm literal -o yaml' },
    { run: 'kubectl create configmap literal' },
    { run: 'kubectl create configmap Bad_Name' },
    { run: 'kubectl create configmap immutable --from-literal=a=b -o yaml --dry-run=client' },
    {
      run: 'kubectl create configmap server --from-literal=a=b -o yaml --dry-run=server',
    },
    { run: 'kubectl create secret generic plain --from-literal=password=hunter2' },
    { run: 'kubectl get secret plain -o yaml' },
    {
      run: 'kubectl create secret docker-registry pull --docker-server=r.io --docker-username=u --docker-password=p',
    },
    { run: 'kubectl get secret pull -o yaml' },
    { run: 'kubectl get secrets' },
    { run: 'kubectl create secret generic typed --type=kubernetes.io/basic-auth --from-literal=password=p' },
    { run: 'kubectl create deployment web --image=nginx --port=80 --replicas=2' },
    { run: 'kubectl get deployment web -o yaml' },
    { run: 'kubectl get deploy' },
    { run: 'kubectl get deploy -o wide' },
    { run: 'kubectl create deployment web --image=nginx' },
    { run: 'kubectl create cm -n nowhere x' },
    { run: 'kubectl create secret generic -n nowhere x' },
  ],
};

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: two}
spec:
  selector: {matchLabels: {app: two}}
  template:
    metadata: {labels: {app: two}}
    spec:
      containers:
      - name: main
        image: example.com/main:1
        env: [{name: A, value: "1"}]
        ports: [{containerPort: 80}]
        resources: {requests: {cpu: 100m}}
      volumes: [{name: v, emptyDir: {}}]
`;

/** Deployments: what image triggers work on. No controller runs in either place. */
export const deployments: Group = {
  name: 'deploying',
  files: {
    'two.yaml': deployment,
    'side.yaml': deployment.replace(
      '      volumes:',
      '      - {name: side, image: "example.com/side:1"}\n      volumes:',
    ),
    'mismatch.yaml': deployment
      .replace('name: two}', 'name: mismatch}')
      .replace('labels: {app: two}', 'labels: {app: three}'),
    'no-image.yaml': deployment
      .replace('name: two}', 'name: no-image}')
      .replace('        image: example.com/main:1\n', ''),
    'no-selector.yaml': deployment
      .replace('name: two}', 'name: no-selector}')
      .replace('  selector: {matchLabels: {app: two}}\n', ''),
  },
  rows: [
    { run: 'kubectl apply -f two.yaml' },
    { run: 'kubectl get deploy two -o yaml' },
    { run: 'kubectl apply -f two.yaml' },
    { run: 'kubectl apply -f side.yaml' },
    { run: `kubectl get deploy two -o jsonpath='{.spec.template.spec.containers[*].image}'` },
    { run: 'kubectl set image deploy/two main=example.com/main:2' },
    { run: 'kubectl set image deploy/two none=example.com/main:2' },
    { run: 'kubectl set env deploy/two B=2' },
    { run: 'kubectl set env deploy/two --list' },
    { run: 'kubectl set resources deploy/two -c main --limits=cpu=200m' },
    {
      run: `kubectl patch deploy two -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"x:2"}]}}}}'`,
    },
    {
      run: `kubectl get deploy two -o jsonpath='{.spec.template.spec.containers[*].image} {.metadata.generation}'`,
    },
    { run: 'kubectl describe deploy two' },
    { run: 'kubectl rollout restart deploy two' },
    { run: 'kubectl rollout pause deploy two' },
    { run: 'kubectl rollout resume deploy two' },
    { run: 'kubectl rollout history deploy two' },
    { run: 'kubectl rollout status deploy two --timeout=3s' },
    { run: 'kubectl rollout undo deploy two' },
    { run: 'kubectl get rs' },
    { run: 'kubectl get deploy,rs' },
    { run: 'kubectl get all' },
    { run: 'kubectl wait deploy/two --for=condition=Available --timeout=1s' },
    { run: 'kubectl apply -f mismatch.yaml' },
    { run: 'kubectl apply -f no-image.yaml' },
    { run: 'kubectl apply -f no-selector.yaml' },
    { run: `kubectl patch deploy two --type=merge -p '{"spec":{"replicas":-1}}'` },
    {
      run: `kubectl patch deploy two --type=merge -p '{"spec":{"selector":{"matchLabels":{"app":"x"}}}}'`,
    },
    {
      run: `kubectl patch deploy two --subresource=status --type=merge -p '{"status":{"replicas":1,"readyReplicas":1,"availableReplicas":1,"updatedReplicas":1}}'`,
    },
    { run: 'kubectl get deploy two' },
    {
      run: 'kubectl scale deploy two --replicas=3',
      instead: {
        reason: 'nothing here runs replicas: no scale subresource',
        code: 1,
        stderr: /^Error from server \(NotFound\): the server could not find the requested resource\n$/,
      },
    },
    { run: 'kubectl delete deploy two' },
  ],
};

const event = (name: string, type: string): string => `apiVersion: v1
kind: Event
metadata: {name: ${name}}
involvedObject: {apiVersion: v1, kind: ConfigMap, name: settings, namespace: eventing}
type: ${type}
reason: Moved
message: the tag moved
source: {component: imagestreams}
count: 1
firstTimestamp: "2026-01-02T03:04:05Z"
lastTimestamp: "2026-01-02T03:04:05Z"
`;

/** Events, and descriptions that list them. */
export const eventing: Group = {
  name: 'eventing',
  files: {
    'normal.yaml': event('normal', 'Normal'),
    'warning.yaml': event('warning', 'Warning'),
    'elsewhere.yaml': event('elsewhere', 'Normal').replace('namespace: eventing', 'namespace: other'),
  },
  rows: [
    { run: 'kubectl create configmap settings --from-literal=a=b' },
    { run: 'kubectl get events' },
    { run: 'kubectl events' },
    { run: 'kubectl create -f normal.yaml -f warning.yaml' },
    { run: 'kubectl create -f elsewhere.yaml' },
    { run: `kubectl get events | sed -E 's/^[0-9a-z]+/AGE/'` },
    { run: `kubectl get events -o wide | sed -E 's/^[0-9a-z]+/AGE/'` },
    { run: 'kubectl get events --field-selector type=Warning -o name' },
    { run: 'kubectl get events --field-selector involvedObject.name=settings,reason=Moved -o name' },
    { run: 'kubectl get events --field-selector involvedObject.name=none' },
    { run: `kubectl events --for cm/settings --no-headers | sed -E 's/^[0-9a-z]+/AGE/'` },
    { run: `kubectl events --types=Warning --no-headers | sed -E 's/^[0-9a-z]+/AGE/'` },
    { run: 'kubectl get event normal -o yaml' },
    { run: 'kubectl describe cm settings' },
    {
      run: 'kubectl describe ns eventing',
      except: [
        { lines: /^(?:No resource quota\.|No LimitRange resource\.|)$/, reason: 'no such kinds here' },
      ],
    },
    { run: 'kubectl create secret generic token --from-literal=password=hunter2' },
    { run: 'kubectl describe secret token' },
    { run: 'kubectl describe cm' },
    { run: 'kubectl describe cm none' },
    { run: 'kubectl describe cm -l app=none' },
  ],
};

const stream = `apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  labels: {app: web}
spec:
  lookupPolicy: {local: false}
  tags:
  - name: v1
    reference: true
    from: {kind: DockerImage, name: "example.com/web:1"}
`;

/** Image streams, as a CRD there and served natively here. */
export const streams: Group = {
  name: 'streaming',
  files: {
    'web.yaml': stream,
    'named.yaml': stream.replace('name: web', 'name: Bad_Name'),
    'kind.yaml': stream.replace('kind: ImageStream', 'kind: ImageStreamx'),
    'version.yaml': stream.replace('image.openshift.io/v1', 'image.openshift.io/v2'),
    'type.yaml': stream.replace('name: web', 'name: wrong').replace(/tags:[^]*/, 'tags: {a: b}\n'),
    'twice.yaml': stream
      .replace('  - name: v1', '  - {name: v1, reference: true}\n  - name: v1')
      .replace('name: web', 'name: twice'),
  },
  rows: [
    { run: 'kubectl get is' },
    { run: 'kubectl create -f web.yaml' },
    { run: 'kubectl create -f web.yaml' },
    {
      run: 'kubectl get is',
      instead: {
        reason: 'columns of OpenShift, which a CRD cannot compute',
        code: 0,
        stdout: /^NAME   IMAGE REPOSITORY   TAGS   UPDATED\nweb {23}v1     .*\n$/,
      },
    },
    {
      run: `kubectl get is web -o custom-columns='N:.metadata.name,T:.spec.tags[*].name,L:.metadata.labels'`,
    },
    {
      run: 'kubectl get is web -o yaml',
      instead: {
        reason: 'a stream has defaults, generations and a status here',
        code: 0,
        stdout:
          /\n {4}generation: 1\n {4}importPolicy:\n {6}importMode: Legacy\n {4}name: v1\n {4}reference: true\n/,
      },
    },
    { run: 'kubectl get imagestreams.image.openshift.io -o name' },
    { run: 'kubectl get imagestreams.v1.image.openshift.io web -o name' },
    { run: 'kubectl get is/web --show-kind --no-headers -o name' },
    { run: 'kubectl get is -l app=web -o name' },
    { run: 'kubectl get is --field-selector spec.dockerImageRepository= -o name' },
    { run: 'kubectl get is --field-selector spec.dockerImageRepository=x -o name' },
    { run: 'kubectl get is --field-selector spec.other=x' },
    { run: 'kubectl get is none' },
    { run: 'kubectl get all -o name' },
    {
      run: 'kubectl describe is web',
      instead: {
        reason: 'a stream has defaults, generations and a status here',
        code: 0,
        stdout: /^Name: +web\nNamespace: +streaming\nLabels: +app=web\n[^]*\nSpec:\n[^]*\nEvents:\n/,
      },
    },
    {
      run: 'kubectl create -f named.yaml',
      instead: {
        reason: 'the names of OpenShift, which are those of repositories',
        code: 1,
        stderr:
          /^The ImageStream "Bad_Name" is invalid: metadata\.name: Invalid value: "Bad_Name": must match /,
      },
    },
    { run: 'kubectl create -f kind.yaml' },
    { run: 'kubectl create -f version.yaml' },
    {
      run: 'kubectl create -f type.yaml',
      instead: {
        reason: 'a built-in kind here, as in OpenShift, and no custom resource',
        code: 1,
        stderr: /cannot unmarshal object into Go struct field ImageStream\.spec\.tags of type \[\]/,
      },
    },
    {
      run: 'kubectl get is -w --no-headers -o name',
      during: ['kubectl label is web b=c', 'kubectl delete is web'],
      lines: 3,
    },
    { run: 'kubectl get is' },
    { run: 'kubectl get images.image.openshift.io' },
    { run: 'kubectl get image sha256:abc' },
    { run: 'kubectl delete is --all' },
    {
      run: 'kubectl create -f twice.yaml',
      instead: {
        reason: 'of two entries for a tag the last counts, as in OpenShift',
        code: 0,
        stdout: /^imagestream\.image\.openshift\.io\/twice created\n$/,
      },
    },
  ],
};
