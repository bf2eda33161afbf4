import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Place } from '../test/e2e/programs/client.ts';
import { type Serve, startServe } from '../test/e2e/serve.ts';
import { imageFlags } from '../test/setup/image-flags.ts';
import type { Bench } from './bench.ts';
import { builtProgram } from './built-program.ts';

/** Has a program collect its garbage when it gets SIGUSR2: what it holds then is what it needs. */
const collectsOnSignal = `data:text/javascript,${encodeURIComponent(`import v8 from 'node:v8';
import vm from 'node:vm';
v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
process.on('SIGUSR2', () => { collect(); collect(); });`)}`;

/** A `serve` that the bench ends; see {@link collectedMemory}. */
export const startBenchServe = async (
  bench: Bench,
  args: readonly string[],
  dataDir?: string,
): Promise<Serve> => {
  const given = process.env['NODE_OPTIONS'] ?? '';
  const options = [given, ...imageFlags(), `--import=${collectsOnSignal}`].join(' ').trim();
  const env = { NODE_OPTIONS: options };
  const serve = await startServe({
    main: await builtProgram(bench),
    args: ['--log-level', 'error', ...args],
    env,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  bench.cleanup(serve.remove);
  return serve;
};

/** Where a `serve` is reached, and how. */
export const placeOf = ({ kubeconfig }: Serve): Place => {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as {
    readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  return { url: clusters[0]?.cluster.server ?? '', token: users[0]?.user.token ?? '' };
};
