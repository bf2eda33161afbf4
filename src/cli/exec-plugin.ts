import { spawn } from 'node:child_process';
import { isAbsolute, resolve } from 'node:path';
import { isatty } from 'node:tty';
import { CliError, messageOf, systemCodeOf } from './errors.ts';
import type { Entry } from './kubeconfig.ts';
import type { CliPorts } from './ports.ts';
import { type Fields, fieldsOf, isFields, textOf, textsOf } from './untyped.ts';

/**
 * Programs that know how to sign in to a cluster, as a kubeconfig names them.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */

/** What such a program needs of the world. */
export type PluginPorts = Pick<CliPorts, 'env' | 'stderr' | 'signal'>;

/** What a program answered. Certificate and key are PEM texts. */
export type PluginCredential = {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** When it is worth nothing any more; absent: nobody knows. */
  readonly expiresAtMs?: number;
};

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const stdinFile = 0;
/** Far above any answer. */
const maxOutputLength = 2 ** 20;

type Plugin = {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isInteractive: boolean;
  readonly installHint: string | undefined;
  /** The cluster as the program is told of it, where the kubeconfig wants that. */
  readonly cluster: Fields | undefined;
};

const usage = (message: string): CliError => new CliError('usage', message);

const isInteractive = (mode: string | undefined, command: string): boolean => {
  const hasTerminal = isatty(stdinFile);
  if (mode === 'Always' && !hasTerminal)
    throw new CliError(
      'failed',
      `the exec plugin "${command}" asks questions, and there is no terminal to answer at`,
    );
  return mode !== 'Never' && hasTerminal;
};

const pluginOf = (exec: Fields, directory: string, cluster: Fields, source: string): Plugin => {
  const command = textOf(exec['command']);
  const apiVersion = textOf(exec['apiVersion']) ?? '';
  if (command === undefined) throw usage(`${source}: the exec plugin has no command`);
  if (!versions.includes(apiVersion))
    throw usage(
      `${source}: the exec plugin "${command}" speaks "${apiVersion}"; this program knows ${versions.join(' and ')}`,
    );
  const env = (Array.isArray(exec['env']) ? exec['env'] : []).filter(isFields);
  return {
    apiVersion,
    // A bare name is looked up in PATH, any other from where the kubeconfig is.
    command: command.includes('/') && !isAbsolute(command) ? resolve(directory, command) : command,
    args: textsOf(exec['args']),
    env: Object.fromEntries(env.map(({ name, value }) => [textOf(name) ?? '', textOf(value) ?? ''])),
    isInteractive: isInteractive(textOf(exec['interactiveMode']), command),
    installHint: textOf(exec['installHint']),
    cluster: exec['provideClusterInfo'] === true ? cluster : undefined,
  };
};

const notStarted = (error: unknown, { command, installHint }: Plugin, source: string): CliError => {
  const code = systemCodeOf(error);
  const where = command.includes('/') ? 'there is no such file' : 'it is not in PATH';
  const why = code === 'ENOENT' ? where : code === 'EACCES' ? 'it may not be executed' : messageOf(error);
  const hint = installHint === undefined ? '' : `\n\n${installHint.trim()}`;
  const message = `the exec plugin "${command}", by which ${source} signs in, cannot be run: ${why}${hint}`;
  return new CliError('failed', message, { cause: error });
};

/** Runs the program to its end; resolves to what it wrote. Its complaints and questions go to the user. */
const run = (plugin: Plugin, source: string, ports: PluginPorts): Promise<string> =>
  new Promise((fulfil, reject) => {
    const { apiVersion, isInteractive: interactive, cluster, command } = plugin;
    const spec = { interactive, ...(cluster === undefined ? {} : { cluster }) };
    const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
    const child = spawn(command, plugin.args, {
      env: { ...ports.env, ...plugin.env, KUBERNETES_EXEC_INFO: info },
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
      signal: ports.signal,
    });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > maxOutputLength) child.kill();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => ports.stderr.write(text));
    child.once('error', (error) =>
      reject(ports.signal.aborted ? ports.signal.reason : notStarted(error, plugin, source)),
    );
    child.once('close', (exitCode, signal) => {
      if (exitCode === 0) return fulfil(output);
      const how = signal === null ? `exit code ${exitCode ?? ''}` : `signal ${signal}`;
      reject(
        new CliError(
          'failed',
          `the exec plugin "${command}", by which ${source} signs in, ended with ${how}`,
        ),
      );
    });
  });

/** Reads an answer; what it holds is secret and is never quoted. */
const credentialOf = (output: string, { command, apiVersion }: Plugin): PluginCredential => {
  const wrong = (what: string): CliError =>
    new CliError(
      'failed',
      `the exec plugin "${command}" answered ${what}; is it a credential plugin for kubectl?`,
    );
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    // The parser's message would quote the answer.
    throw wrong('no JSON');
  }
  const { kind, apiVersion: version, status } = fieldsOf(answer);
  if (kind !== 'ExecCredential' || version !== apiVersion) throw wrong(`no ExecCredential of ${apiVersion}`);
  const fields = fieldsOf(status);
  const token = textOf(fields['token']);
  const certificate = textOf(fields['clientCertificateData']);
  const key = textOf(fields['clientKeyData']);
  if ((certificate === undefined) !== (key === undefined))
    throw wrong('a certificate without its key, or a key alone');
  if (token === undefined && certificate === undefined) throw wrong('neither a token nor a certificate');
  const expiresAtMs = Date.parse(textOf(fields['expirationTimestamp']) ?? '');
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(Number.isNaN(expiresAtMs) ? {} : { expiresAtMs }),
  };
};

/**
 * Signs in by the program that the user entry of a kubeconfig names (`exec`). `cluster` is what the program is told of the cluster,
 * where it wants to know.
 *
 * @throws {CliError} `usage` when the entry cannot be used; `failed` when the program is missing (with its hint how to install it), fails
 * or answers something else.
 */
export const runExecPlugin = async (
  user: Entry,
  cluster: Fields,
  source: string,
  ports: PluginPorts,
): Promise<PluginCredential> => {
  const plugin = pluginOf(fieldsOf(user.fields['exec']), user.directory, cluster, source);
  return credentialOf(await run(plugin, source, ports), plugin);
};
