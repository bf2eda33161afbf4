import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeKubeconfig } from '../../src/apiserver/kubeconfig.ts';
import { ensureTls } from '../../src/apiserver/tls.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startTestServer, testToken } from '../fakes/api-server.ts';
import { createKubectl, hasKubectl, type KubectlOptions } from '../setup/kubectl.ts';

const stream = (tag: string, version: string): string => `
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  labels: {app: web}
spec:
  tags:
  - name: ${tag}
    from: {kind: DockerImage, name: example.com/web:${version}}
  - name: other
    reference: true
`;

describe.skipIf(!hasKubectl)('kubectl', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  let kubectl: ReturnType<typeof createKubectl>;
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'kubectl-'));
    const { ca, ...tls } = await ensureTls({ directory: join(home, 'tls'), clock: systemClock });
    api = await startTestServer({ tls });
    await api.server.listen('127.0.0.1', 0, new AbortController().signal);
    const path = join(api.directory, 'kubeconfig');
    const server = api.server.address() ?? '';
    await writeKubeconfig({ path, server, ca, token: testToken, userName: 'admin' });
    kubectl = createKubectl(path, home);
  });
  afterAll(async () => {
    await api.close();
    await rm(home, { recursive: true, force: true });
  });

  /** Runs a command that must succeed; answers what it printed. */
  const ok = async (command: string, options: KubectlOptions = {}): Promise<string> => {
    const { code, stdout, stderr } = await kubectl.run(command.split(' '), options);
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
    return stdout;
  };
  const apply = (text: string) => ok('apply -f -', { input: text });

  it('lists what is served', async () => {
    const resources = await ok('api-resources --no-headers -o name --sort-by=name');
    expect(resources.trim().split('\n')).toEqual([
      'configmaps',
      'deployments.apps',
      'events',
      'imagestreams.image.openshift.io',
      'namespaces',
      'secrets',
      'selfsubjectaccessreviews.authorization.k8s.io',
      'selfsubjectreviews.authentication.k8s.io',
      'selfsubjectrulesreviews.authorization.k8s.io',
    ]);
    expect(await ok('api-versions')).toBe(
      'apps/v1\nauthentication.k8s.io/v1\nauthorization.k8s.io/v1\nimage.openshift.io/v1\nv1\n',
    );
    expect(await ok('version')).toContain('Server Version: v1.32.0+imagestreams.');
  });

  it('explains a field', async () => {
    expect(await ok('explain is.spec.tags.generation')).toContain('Write 0 to have the tag imported again.');
    expect(await ok('explain deploy --recursive')).toContain('containers');
  });

  it('applies, applies again and changes one tag of two', async () => {
    expect(await apply(stream('v1', '1'))).toBe('imagestream.image.openshift.io/web created\n');
    expect(await apply(stream('v1', '1'))).toBe('imagestream.image.openshift.io/web unchanged\n');
    await ok('patch is web --type=strategic -p {"spec":{"tags":[{"name":"mine"}]}}');
    expect(await apply(stream('v1', '2'))).toBe('imagestream.image.openshift.io/web configured\n');
    expect(await ok('get is web -o jsonpath={.spec.tags[*].name}/{.spec.tags[0].from.name}')).toBe(
      'v1 other mine/example.com/web:2',
    );
  });

  it('refuses a manifest with an unknown field', async () => {
    const input = stream('v1', '2').replace('spec:', 'spec:\n  tagz: []');
    const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input });
    expect(code).toBe(1);
    expect(stderr).toContain('strict decoding error: unknown field "spec.tagz"');
    expect(await ok('apply --validate=false -f -', { input })).toContain('web');
    expect(await ok('get is web -o jsonpath={.spec}')).not.toContain('tagz');
  });

  it('prints objects in every form', async () => {
    expect(await ok('get is')).toMatch(/^NAME +AGE\nweb +\d+s\n$/);
    expect(await ok('get is -o name')).toBe('imagestream.image.openshift.io/web\n');
    expect(await ok('get is web -o yaml')).toContain('kind: ImageStream\n');
    expect(JSON.parse(await ok('get is -o json'))).toMatchObject({
      kind: 'List',
      items: [{ kind: 'ImageStream', metadata: { name: 'web' } }],
    });
    expect(await ok('get is,ns -A -o wide')).toContain('namespace/default');
    expect(await ok('get is -l app=web -o custom-columns=N:.metadata.name --no-headers')).toBe('web\n');
    expect(await ok('get is --field-selector metadata.name=other -o name')).toBe('');
  });

  it('shows the difference that a manifest makes', async () => {
    const { code, stdout } = await kubectl.run(['diff', '-f', '-'], { input: stream('v1', '3') });
    expect(code).toBe(1);
    expect(stdout).toMatch(/-\s+name: example.com\/web:2\n\+\s+name: example.com\/web:3/);
    expect((await kubectl.run(['diff', '-f', '-'], { input: stream('v1', '2') })).code).toBe(0);
  });

  it('changes an object with each kind of patch', async () => {
    await ok('patch is web --type=merge -p {"metadata":{"labels":{"m":"1"}}}');
    await ok('patch is web --type=json -p [{"op":"add","path":"/metadata/labels/j","value":"1"}]');
    await ok('patch is web --type=strategic -p {"metadata":{"labels":{"s":"1"}}}');
    expect(JSON.parse(await ok('get is web -o json'))).toMatchObject({
      metadata: { labels: { app: 'web', m: '1', j: '1', s: '1' } },
    });
  });

  it('applies on the server, beside another applier, after it applied on its own side', async () => {
    const { stdout } = await kubectl.run(['apply', '--server-side', '-f', '-'], { input: stream('v1', '2') });
    expect(stdout).toContain('serverside-applied');
    const others = stream('v2', '1').replace(/ {2}- name: other\n {4}reference: true\n/, '');
    await ok('apply --server-side --field-manager=other -f -', { input: others });
    await ok('apply --server-side -f -', { input: stream('v1', '2') });
    expect(await ok('get is web -o jsonpath={.spec.tags[*].name}')).toBe('v1 other mine v2');
    const clash = await kubectl.run(['apply', '--server-side', '--field-manager=other', '-f', '-'], {
      input: stream('v1', '3'),
    });
    expect(clash.code).toBe(1);
    expect(clash.stderr).toContain('conflict with "kubectl": .spec.tags[name="v1"].from.name');
    await ok('apply --server-side --field-manager=other --force-conflicts -f -', {
      input: stream('v1', '3'),
    });
    expect(await ok('get is web -o jsonpath={.spec.tags[*].name}')).toBe('v1 other mine');
  });

  it('labels and annotates', async () => {
    expect(await ok('label is web tier=front')).toContain('labeled');
    expect(await ok('annotate is web note=hello')).toContain('annotated');
    expect(await ok('label is web tier-')).toContain('unlabeled');
    expect(await ok('get is web -o jsonpath={.metadata.annotations.note}')).toBe('hello');
  });

  it('replaces and edits', async () => {
    const object = await ok('get is web -o json');
    expect(await ok('replace -f -', { input: object.replace('hello', 'goodbye') })).toContain('replaced');
    const editor = join(home, 'editor.sh');
    await writeFile(editor, '#!/bin/sh\nsed -i s/goodbye/edited/ "$1"\n', { mode: 0o755 });
    expect(await ok('edit is web', { env: { EDITOR: editor } })).toContain('edited');
    expect(await ok('get is web -o jsonpath={.metadata.annotations.note}')).toBe('edited');
    const { code, stderr } = await kubectl.run(['replace', '-f', '-'], { input: object });
    expect(code).toBe(1);
    expect(stderr).toContain('the object has been modified; please apply your changes to the latest version');
  });

  it('describes an object with its events', async () => {
    const uid = await ok('get is web -o jsonpath={.metadata.uid}');
    const involvedObject = {
      kind: 'ImageStream',
      namespace: 'default',
      name: 'web',
      uid,
      apiVersion: 'image.openshift.io/v1',
    };
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1', namespace: 'default' },
      involvedObject,
      reason: 'TagMoved',
      message: 'the tag moved',
      type: 'Normal',
    };
    await ok('create -f -', { input: JSON.stringify(event) });
    const description = await ok('describe is web');
    expect(description).toMatch(/^Name: +web\n/);
    expect(description).toMatch(/Normal +TagMoved .*the tag moved/);
    expect(await ok('describe ns default')).toMatch(/Status: +Active/);
  });

  it('creates the built-in kinds that it sends as protobuf', async () => {
    await ok('create namespace team');
    await ok('create configmap settings -n team --from-literal=a=b');
    await ok('create secret generic token -n team --from-literal=a=b');
    await ok(
      'create secret docker-registry pull -n team --docker-server=x.io --docker-username=u --docker-password=p',
    );
    await ok('create deployment web -n team --image=nginx --port=80');
    expect((await ok('get cm,secret,deploy -n team -o name')).trim().split('\n')).toEqual([
      'configmap/settings',
      'secret/pull',
      'secret/token',
      'deployment.apps/web',
    ]);
    expect(await ok('describe deploy web -n team')).toMatch(/Image: +nginx/);
    await ok('set image deploy/web nginx=nginx:2 -n team');
    expect(await ok('get deploy web -n team -o jsonpath={..image}')).toBe('nginx:2');
  });

  it('keeps what others wrote into a pod template that it applies', async () => {
    const manifest = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: two, namespace: team}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
      - name: main
        image: ${image}
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
        ports: [{containerPort: 80}]
      volumes: [{name: v, emptyDir: {}}]
`;
    await apply(manifest('x:1'));
    const env = {
      containers: [
        { name: 'main', env: [{ name: 'C', value: '3' }] },
        { name: 'side', image: 's' },
      ],
    };
    await ok(`patch deploy two -n team -p ${JSON.stringify({ spec: { template: { spec: env } } })}`);
    await apply(manifest('x:2'));
    expect(await ok('get deploy two -n team -o jsonpath={..containers[*].image}')).toBe('x:2 s');
    expect(await ok('get deploy two -n team -o jsonpath={..containers[0].env[*].name}')).toMatch(
      /^(A B C|C A B)$/,
    );
    await apply(manifest('x:2').replace(', {name: B, value: "2"}', ''));
    expect(await ok('get deploy two -n team -o jsonpath={..containers[0].env[*].name}')).toMatch(
      /^(A C|C A)$/,
    );
  });

  it('follows changes', async () => {
    const change = (_line: string, count: number): unknown => {
      if (count === 1) return ok('label cm settings -n team x=1');
      return count === 2 ? ok('delete cm settings -n team') : undefined;
    };
    const lines = await kubectl.follow(
      ['get', 'cm', '-n', 'team', '-w', '--no-headers', '--output-watch-events'],
      3,
      change,
    );
    expect(lines.map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual([
      'ADDED settings',
      'MODIFIED settings',
      'DELETED settings',
    ]);
  });

  it('waits for a field and for the end', async () => {
    const url = '/api/v1/namespaces/default/configmaps/slow';
    const merge = { 'content-type': 'application/merge-patch+json' };
    await ok('create cm slow');
    const met = ok('wait cm/slow --for=jsonpath={.data.a}=b --timeout=10s');
    await api.call('PATCH', url, { data: { a: 'b' }, metadata: { finalizers: ['x.io/hold'] } }, merge);
    expect(await met).toContain('condition met');
    const deleted = ok('delete cm slow --timeout=10s');
    await expect
      .poll(async () => (await api.call('GET', url)).body['metadata']?.['deletionTimestamp'], {
        timeout: 5000,
      })
      .toBeDefined();
    await api.call('PATCH', url, { metadata: { finalizers: null } }, merge);
    expect(await deleted).toContain('deleted');
    expect((await api.call('GET', url)).status).toBe(404);
  });

  it('pages through long lists', async () => {
    for (const name of ['p1', 'p2', 'p3']) await ok(`create cm ${name}`);
    const names = await ok('get cm --chunk-size=1 -o name');
    expect(names).toContain('configmap/p1\nconfigmap/p2\nconfigmap/p3\n');
  });

  it('deletes by name, by selector and with the namespace', async () => {
    expect(await ok('delete cm p1')).toBe('configmap "p1" deleted\n');
    expect((await kubectl.run(['delete', 'cm', 'p1'])).stderr).toContain(
      'Error from server (NotFound): configmaps "p1" not found',
    );
    expect(await ok('delete is -l app=web')).toContain('imagestream.image.openshift.io "web" deleted');
    expect(await ok('delete cm --all')).toContain('"p3" deleted');
    await ok('delete ns team');
    expect(await ok('get secret -n team -o name')).toBe('');
  });

  it('tells who the user is and what the user may do', async () => {
    expect(await ok('auth whoami -o jsonpath={.status.userInfo.username}')).toBe('admin');
    expect(await ok('auth can-i delete is/web')).toBe('yes\n');
    expect(await ok('auth whoami --as=eve -o jsonpath={.status.userInfo.username}')).toBe('eve');
    expect((await kubectl.run(['auth', 'can-i', 'delete', 'is', '--as=eve'])).stdout).toBe('no\n');
    expect(await ok('auth can-i --list --no-headers')).toMatch(/\*\.\* .*\[\*\]/);
  });

  it('says what it cannot do in one line', async () => {
    expect((await kubectl.run(['create', 'cm', 'x', '-n', 'nowhere'])).stderr).toContain(
      'namespaces "nowhere" not found',
    );
    expect((await kubectl.run(['get', 'pods'])).stderr).toContain(
      `the server doesn't have a resource type "pods"`,
    );
  });
});
