import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import {
  createKeychain,
  createOperatorCredentials,
  type OperatorCredentialsOptions,
} from '../../src/oci/index.ts';
import { createPrograms, type Programs } from '../fakes/programs.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import {
  aliceHtpasswd,
  type DockerRegistry,
  hasDockerRegistry,
  startDockerRegistry,
} from '../setup/docker-registry.ts';
import { hasSkopeo, skopeo } from '../setup/skopeo.ts';
import { createCleanups, inTime, referenceOf } from './support.ts';

const aliceBasic = `Basic ${Buffer.from('alice:secret').toString('base64')}`;

describe.skipIf(!hasDockerRegistry || !hasSkopeo)('what skopeo login wrote', () => {
  const image = anImage();
  const rig = createCleanups();
  let registry: DockerRegistry;
  let directory: string;
  let programs: Programs;

  beforeAll(async () => {
    registry = await rig.track(startDockerRegistry({ htpasswd: aliceHtpasswd }));
    await push({ url: `http://${registry.host}`, authorization: aliceBasic }, 'team/app', image, 'v1');
    directory = await mkdtemp(join(tmpdir(), 'skopeo-login-'));
    rig.add(() => rm(directory, { recursive: true }));
    programs = createPrograms();
    rig.add(programs.remove);
  });
  afterAll(rig.run);

  const logIn = (authFile: string, to: string) =>
    skopeo(['login', '--tls-verify=false', '--authfile', authFile, '-u', 'alice', '-p', 'secret', to], {
      PATH: programs.env['PATH'] ?? '',
    });

  /** Resolves the tag with the logins that this environment leads to; no program's problem is passed over. */
  const resolve = async (env: OperatorCredentialsOptions['env'], repository = 'team/app') => {
    const problems: string[] = [];
    const credentials = createOperatorCredentials({
      env: { ...programs.env, ...env },
      clock: systemClock,
      onProblem: (problem) => problems.push(problem),
      dockerConfigs: ['auto'],
    });
    const access = { keychain: createKeychain(await credentials()), insecure: true };
    const { digest } = await rig
      .client()
      .resolve(referenceOf(`${registry.host}/${repository}:v1`), access, inTime());
    expect(problems).toEqual([]);
    return digest;
  };

  it('opens the registry, found by REGISTRY_AUTH_FILE', async () => {
    const authFile = join(directory, 'named.json');
    await logIn(authFile, registry.host);
    expect(await resolve({ REGISTRY_AUTH_FILE: authFile })).toBe(image.manifest.digest);
  });

  it('opens the registry, found where podman keeps it', async () => {
    await logIn(join(directory, 'run/containers/auth.json'), registry.host);
    expect(await resolve({ XDG_RUNTIME_DIR: join(directory, 'run') })).toBe(image.manifest.digest);
  });

  it('opens the repository that somebody logged in to, and no other', async () => {
    const authFile = join(directory, 'repository.json');
    await logIn(authFile, `${registry.host}/team`);
    expect(await resolve({ REGISTRY_AUTH_FILE: authFile })).toBe(image.manifest.digest);
    await expect(resolve({ REGISTRY_AUTH_FILE: authFile }, 'team-other/app')).rejects.toMatchObject({
      code: 'unauthorized',
    });
  });

  it('opens the registry through the helper that keeps the login', async () => {
    const authFile = programs.write(
      'helped.json',
      JSON.stringify({ credHelpers: { [registry.host]: 'kept' } }),
    );
    // The three verbs that skopeo uses, over one file.
    programs.add(
      'docker-credential-kept',
      `case "$1" in
store) cat > "$DIR/kept";;
get) cat >/dev/null; if [ -f "$DIR/kept" ]; then cat "$DIR/kept"; else echo 'credentials not found in native keychain'; exit 1; fi;;
esac`,
    );
    await logIn(authFile, registry.host);
    expect(await resolve({ REGISTRY_AUTH_FILE: authFile })).toBe(image.manifest.digest);
  });
});
