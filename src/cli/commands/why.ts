import type { Explanation } from '../../api/explanation.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatExplanation } from '../explanation-text.ts';
import { answersImports } from '../import-object.ts';
import { parseOutput, writeDocument } from '../output.ts';
import { printable } from '../printable.ts';
import { isRefusal } from '../streams.ts';
import { clientFor, namesKind, parseTagTarget } from '../targets.ts';

export type WhyOptions = {
  readonly output?: string;
  readonly insecure?: boolean;
  readonly controller?: string;
};

/** Where `deploy/` puts the service of the controller. */
const defaultController = 'imagestreams/imagestreams-metrics';

/** Where an API server passes requests on to the controller: it knows what the objects do not say. */
const proxyPath = (controller = defaultController): string => {
  const [namespace = '', service = '', ...rest] = controller.split('/');
  if (namespace === '' || service === '' || rest.length > 0)
    throw new CliError(
      'usage',
      `--controller "${controller}": write NAMESPACE/SERVICE, for example ${defaultController}`,
    );
  const name = encodeURIComponent(`${service}:metrics`);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${name}/proxy`;
};

const readText = async (client: ApiClient, path: string, signal: AbortSignal): Promise<string> => {
  let text = '';
  for await (const line of await client.lines(path, signal)) text += line;
  return text;
};

/** Asks through the proxy; where nothing is behind it, says what to look at. */
const askController = async (
  client: ApiClient,
  path: string,
  controller = defaultController,
  signal: AbortSignal,
): Promise<string> => {
  try {
    return await readText(client, `${proxyPath(controller)}${path}`, signal);
  } catch (error) {
    if (!isRefusal(error, 'NotFound', 'ServiceUnavailable')) throw error;
    const { reason, details, message = '' } = error.status;
    // A stream that is not there is another matter.
    if (reason === 'NotFound' && details?.kind !== 'services') throw error;
    throw new CliError(
      'failed',
      `the controller does not answer at the service ${controller}: ${message}. Is it running there? --controller NAMESPACE/SERVICE names another service`,
      { cause: error },
    );
  }
};

/**
 * Whether the argument is a pull spec: those have a `/` or an `@`, which names of streams have not. `is/NAME` is a stream, and a short
 * name like `nginx` is one too: the reference is `docker.io/nginx`.
 */
const isReference = (target: string): boolean => !namesKind(target) && /[/@]/.test(target);

/** What to write if a pull spec that could not be had was meant for `NAMESPACE/STREAM`, which looks the same. */
const streamHint = (target: string): string =>
  /^[a-z0-9-]+\/[^/@]+$/.test(target) && !target.startsWith('localhost/')
    ? `; if a stream of that namespace is meant, write is/${target}`
    : '';

const askServer = async (
  { ports, connect }: CommandContext,
  target: string,
  options: WhyOptions,
): Promise<{ readonly stream: string; readonly explanations: readonly Explanation[] }> => {
  const wanted = parseTagTarget(target);
  const { stream, tag } = wanted;
  const client = clientFor(await connect(), wanted);
  const query = new URLSearchParams({
    namespace: client.namespace,
    stream,
    ...(tag === undefined ? {} : { tag }),
  });
  const path = `/apis/imagestreams.dev/v1/why?${query.toString()}`;
  const isOfCluster = !(await answersImports(client, ports.signal));
  const text = isOfCluster
    ? await askController(client, path, options.controller, ports.signal)
    : await readText(client, path, ports.signal);
  const { items } = JSON.parse(text) as { readonly items: readonly Explanation[] };
  return { stream, explanations: items };
};

/** `why STREAM[:TAG]|REF`: where an image comes from and, where it does not come, why not and what to do. */
export const why = async (
  context: CommandContext,
  [target = '']: readonly string[],
  options: WhyOptions,
): Promise<void> => {
  const { stdout, clock, signal } = context.ports;
  const format = parseOutput(options.output ?? 'table', ['table', 'json', 'yaml']);
  const isOfServer = !isReference(target);
  if (isOfServer && options.insecure === true)
    throw new CliError('usage', '--insecure is for references; a stream says itself what it allows');
  const { stream, explanations } = isOfServer
    ? await askServer(context, target, options)
    : {
        stream: undefined,
        explanations: [
          await context.ports.whyReference(target, { insecure: options.insecure === true }, signal),
        ],
      };
  if (format !== 'table') await writeDocument(stdout, format, explanations);
  else if (explanations.length === 0)
    stdout.write(`${stream ?? target} asks for nothing: its spec has no tag and no repository\n`);
  else
    stdout.write(
      printable(explanations.map((one) => formatExplanation(one, stream, clock.now())).join('\n')),
    );
  const failure = isOfServer ? undefined : explanations[0]?.attempts[0]?.failure;
  if (failure !== undefined)
    throw new CliError('failed', `${target} cannot be imported: ${failure.cause}${streamHint(target)}`);
};
