import { join } from 'node:path';
import type { Environment } from './run-program.ts';

/** A file that may hold credentials. */
export type Location = {
  readonly path: string;
  /** Whether it was asked for by name: then it is a problem where it is missing. */
  readonly required: boolean;
};

/**
 * Where docker and podman keep credentials, in the order in which they are looked at. `REGISTRY_AUTH_FILE`, and then `DOCKER_CONFIG`,
 * names the only place; else `auth.json` of podman and skopeo (of this login, of the user) comes before docker's `config.json` and its
 * predecessor `.dockercfg`.
 *
 * @see https://man.archlinux.org/man/containers-auth.json.5
 * @see https://docs.docker.com/reference/cli/docker/#environment-variables
 */
export const credentialLocations = (env: Environment): readonly Location[] => {
  const of = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const authFile = of('REGISTRY_AUTH_FILE');
  if (authFile !== undefined) return [{ path: authFile, required: true }];
  const dockerConfig = of('DOCKER_CONFIG');
  if (dockerConfig !== undefined) return [{ path: join(dockerConfig, 'config.json'), required: false }];
  const home = of('HOME');
  const runtime = of('XDG_RUNTIME_DIR');
  const config = of('XDG_CONFIG_HOME') ?? (home === undefined ? undefined : join(home, '.config'));
  return [
    ...(runtime === undefined ? [] : [join(runtime, 'containers/auth.json')]),
    ...(config === undefined ? [] : [join(config, 'containers/auth.json')]),
    ...(home === undefined ? [] : [join(home, '.docker/config.json'), join(home, '.dockercfg')]),
  ].map((path) => ({ path, required: false }));
};
