import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buildGoRegistry } from './go-registry.ts';

/**
 * Finds the servers that the tests talk to, installs what is missing where this machine's package manager may, and names what it could
 * not have: a reason to skip those tests at a desk, and a failure in CI.
 */
const wanted = [
  { command: 'docker-registry', debianPackage: 'docker-registry', purpose: 'imports from a real registry' },
  { command: 'skopeo', debianPackage: 'skopeo', purpose: 'images pushed by another tool' },
  { command: 'redis-server', debianPackage: 'redis-server', purpose: 'change events in Redis' },
  { command: 'kubectl', debianPackage: 'kubernetes-client', purpose: 'kubectl against the API' },
] as const;

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Missing or not executable is the answer, not a failure.
    return false;
  }
};

const has = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder, command)));

const missing = () => wanted.filter(({ command }) => !has(command));

const install = (packages: readonly string[]): void => {
  if (!has('apt-get') || process.getuid?.() !== 0) return;
  process.stdout.write(`installing ${packages.join(', ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-q'], { env, stdio: 'ignore' });
  const options = ['install', '-q', '-y', '--no-install-recommends'];
  for (const name of packages) {
    spawnSync('apt-get', [...options, name], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
};

if (missing().length > 0) install(missing().map(({ debianPackage }) => debianPackage));
for (const { command, debianPackage, purpose } of missing()) {
  process.stdout.write(`no ${command} (Debian package ${debianPackage}): skipping ${purpose}\n`);
}
const unbuilt = buildGoRegistry();
if (unbuilt !== undefined) process.stdout.write(`${unbuilt}: skipping a second kind of registry\n`);
// Not installed from here: what clients need is newer than what most systems package.
const hasGo = has('go');
if (!hasGo) process.stdout.write('no go (1.26 or newer): skipping an informer of client-go\n');
if ((missing().length > 0 || unbuilt !== undefined || !hasGo) && process.env['CI'] === 'true') {
  process.stdout.write('CI must not skip: install what is missing\n');
  process.exitCode = 1;
}
