import type { Exception, Group } from '../row.ts';

const served = /^(?:configmaps|deployments|events ev v1|imagestreams|namespaces|replicasets|secrets) /;
const ownWords: Exception = {
  lines: /^ {4}|^$/,
  reason: 'descriptions of the fields of Kubernetes are in our own words',
};
const clearer = 'says in plain words what the original says in those of its language';

/** What the server says of itself and of its kinds. */
export const discovery: Group = {
  name: 'discovering',
  rows: [
    { run: 'kubectl api-resources --no-headers | sed "s/  */ /g"', only: served },
    {
      run: 'kubectl api-resources -o wide --no-headers | sed "s/  */ /g"',
      only: served,
      except: [
        { lines: /^imagestreams /, reason: 'the verbs of custom resources have another order' },
        { lines: /^replicasets /, reason: 'served empty, for clients that list them' },
      ],
    },
    {
      run: 'kubectl api-resources --api-group=image.openshift.io -o name',
      except: [
        {
          lines: /^(?:imagestreamimages|imagestreammappings|imagestreamtags|imagetags)\./,
          reason: 'virtual kinds cannot be CRDs',
        },
      ],
    },
    { run: 'kubectl api-resources --api-group=apps --namespaced=false' },
    { run: 'kubectl api-resources --api-group=none' },
    { run: 'kubectl api-versions', only: /^(?:apps|image\.openshift\.io|auth\w+\.k8s\.io)\/v1$|^v1$/ },
    // The recorded server knows no version of its own, which kubectl complains about.
    { run: 'kubectl version 2>&1 | grep ^Server' },
    {
      run: 'kubectl cluster-info',
      instead: {
        reason: 'no Services here, which it lists',
        code: 1,
        stderr: /the server doesn't have a resource type "services"/,
      },
    },
    { run: 'kubectl auth can-i create is' },
    { run: 'kubectl auth can-i delete cm/settings' },
    { run: 'kubectl auth can-i get gizmos' },
    { run: `kubectl auth can-i '*' '*'` },
    {
      run: 'kubectl auth can-i --list',
      instead: {
        reason: 'one user, who may do all: no roles that allow discovery besides',
        code: 0,
        stdout: /^Resources +Non-Resource URLs +Resource Names +Verbs\n\*\.\* .*\[\*\]\n +\[\*\] .*\[\*\]\n$/,
      },
    },
    { run: 'kubectl auth whoami' },
    { run: 'kubectl explain cm', except: [ownWords] },
    { run: 'kubectl explain cm.data', except: [ownWords] },
    {
      run: 'kubectl explain cm --recursive',
      except: [{ ...ownWords, lines: /^ {4}\S.*\.$/ }],
    },
    { run: 'kubectl explain secret', except: [ownWords] },
    { run: 'kubectl explain is', except: [ownWords] },
    { run: 'kubectl explain is --recursive' },
    { run: 'kubectl explain is.spec' },
    { run: 'kubectl explain is.spec.tags' },
    { run: 'kubectl explain is.spec.tags.generation' },
    { run: 'kubectl explain is.spec --recursive' },
    { run: 'kubectl explain is.status.tags.items' },
    { run: 'kubectl explain is.metadata.labels', except: [ownWords] },
    { run: 'kubectl explain is.spec.none' },
    { run: 'kubectl explain gizmo' },
    { run: 'kubectl explain is --api-version=image.openshift.io/v1', only: /^(?:GROUP|KIND|VERSION)/ },
    { run: 'kubectl explain is.spec --output=plaintext-openapiv2', known: 'no schemas in /openapi/v2' },
    { run: 'kubectl get --raw /healthz' },
    { run: 'kubectl get --raw /livez' },
    { run: 'kubectl get --raw /readyz' },
    { run: 'kubectl get --raw /apis/image.openshift.io | grep -o \'"preferredVersion".*}\'' },
    { run: 'kubectl get --raw /apis/apps' },
    { run: 'kubectl get --raw /api/v1/namespaces/discovering/configmaps' },
    { run: `kubectl get --raw '/api/v1/namespaces/discovering/configmaps?watch=1&timeoutSeconds=1'` },
    { run: 'kubectl get --raw /api/v1/namespaces/discovering/configmaps/none' },
    { run: 'kubectl get --raw /api/v1/nothing' },
    { run: 'kubectl get --raw /apis/nothing.io/v1' },
    { run: 'kubectl get --raw /nothing' },
    {
      run: `kubectl get --raw '/api/v1/namespaces/discovering/configmaps?limit=x'`,
      instead: {
        reason: clearer,
        code: 1,
        stderr: /^Error from server \(BadRequest\): the query parameter limit is not a number: "x"\n$/,
      },
    },
    {
      run: `kubectl get --raw '/api/v1/namespaces/discovering/configmaps?continue=x'`,
      instead: {
        reason: clearer,
        code: 1,
        stderr: /^Error from server \(BadRequest\): the continue token is not valid\n$/,
      },
    },
    {
      run: `kubectl get --raw '/api/v1/namespaces/discovering/configmaps?resourceVersion=x'`,
      instead: {
        reason: clearer,
        code: 1,
        stderr: /^Error from server \(BadRequest\): invalid resource version "x"\n$/,
      },
    },
    { run: `kubectl get --raw '/api/v1/namespaces/discovering/configmaps?labelSelector=a,,b'` },
  ],
};
