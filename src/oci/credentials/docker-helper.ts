import type { Clock } from '../../lib/clock.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { isJsonObject, parseJsonObject } from '../json.ts';
import type { Credential, CredentialHelper, Repository } from '../types.ts';
import { basicCredential, helperId, identityToken } from './credential.ts';
import { createProblemReporter } from './problems.ts';
import type { RunProgram } from './run-program.ts';

/** What helpers of every kind need. */
export type HelperPorts = {
  readonly run: RunProgram;
  readonly clock: Clock;
  /** Told once of each helper that does not work; it is passed over. The sentence holds no secret. */
  readonly onProblem: (message: string) => void;
};

/** An entry of `credHelpers`, or `credsStore`. */
export type DockerHelperEntry = {
  /** As it stands in the file: `ecr-login` for the program `docker-credential-ecr-login`. */
  readonly name: string;
  /** Key of `credHelpers`; `undefined` for `credsStore`. */
  readonly key: string | undefined;
  readonly source: string;
};

/** The helper of an entry, or `undefined` where the name cannot be one: it is part of a file name. */
export type DockerHelpers = (
  entry: DockerHelperEntry,
) => ((repository: Repository) => CredentialHelper) | undefined;

/** The protocol has no expiry, helpers have caches of their own, and a token that is about to expire must not be kept. */
const keepMs = 60_000;

/** Under this user name the secret is an identity token. */
const tokenUser = '<token>';

/** Where `docker login` keeps the credentials of Docker Hub. */
const hubServer = 'https://index.docker.io/v1/';

const serverOf = ({ registry }: Repository, key: string | undefined): string =>
  registry === 'docker.io' ? (key ?? hubServer) : registry;

/** The credentials in an answer, or a sentence why there are none. */
const parseAnswer = (output: string, source: string): readonly Credential[] | string => {
  const answer = parseJsonObject(Buffer.from(output));
  if (!isJsonObject(answer)) return 'its answer is no JSON object';
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== 'string' || typeof secret !== 'string')
    return 'its answer lacks Username and Secret';
  if (secret === '') return [];
  if (username === tokenUser) return [identityToken('', secret, source)];
  return username === '' ? 'its answer lacks the user name' : [basicCredential(username, secret, source)];
};

/**
 * Helpers of docker and podman: programs `docker-credential-*` that are given a server and answer with a user name and secret. An
 * answer, also that there is none, is good for a minute.
 *
 * @see https://github.com/docker/docker-credential-helpers (the protocol; of its verbs only `get` is used)
 */
export const createDockerHelpers = ({ run, clock, onProblem }: HelperPorts): DockerHelpers => {
  const kept = createBoundedMap<{ readonly credentials: readonly Credential[]; readonly untilMs: number }>(
    1_000,
  );
  const flight = createSingleFlight<readonly Credential[]>();
  const problems = createProblemReporter(onProblem);

  const get = async (
    program: string,
    server: string,
    signal: AbortSignal,
  ): Promise<readonly Credential[] | string> => {
    const outcome = await run({ file: program, args: ['get'], input: server }, signal);
    if (!outcome.ok) return outcome.problem;
    if (outcome.exitCode === 0) return parseAnswer(outcome.output, program);
    return outcome.output.trim().startsWith('credentials not found')
      ? []
      : `it ended with code ${outcome.exitCode ?? 'none'}`;
  };

  const ask = async (
    program: string,
    server: string,
    signal: AbortSignal,
  ): Promise<readonly Credential[]> => {
    const key = JSON.stringify([program, server]);
    const last = kept.get(key);
    if (last !== undefined && last.untilMs > clock.monotonic()) return last.credentials;
    return flight(
      key,
      async (inner) => {
        const answer = await get(program, server, inner);
        const subject = `${program}, asked for ${server}`;
        if (typeof answer === 'string') problems.failed(subject, answer);
        else problems.worked(subject);
        const credentials = typeof answer === 'string' ? [] : answer;
        kept.set(key, { credentials, untilMs: clock.monotonic() + keepMs });
        return credentials;
      },
      signal,
    );
  };

  return ({ name, key, source }) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return undefined;
    const program = `docker-credential-${name}`;
    return (repository) => {
      const server = serverOf(repository, key);
      return {
        kind: 'helper',
        id: helperId([program, server]),
        program,
        source: `${program} (${source})`,
        ask: (signal) => ask(program, server, signal),
      };
    };
  };
};
