import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from './client.ts';
import { programs } from './commands.ts';
import { checkProgram } from './run.ts';
import { startKube, startOurs, type Target } from './servers.ts';

/*
 * Random programs of API calls, here and in a model. The model itself is checked against a real kube-apiserver with our CRDs by
 *
 *   KUBE_APISERVER=/path/to/kube-apiserver ETCD=/path/to/etcd npx vitest run test/e2e/programs
 *
 * The same programs each time, so that a failure is of the change that is tested; SEED=$RANDOM runs others, PROGRAMS=1000 more. A failure
 * prints its seed and the shortest program that shows it.
 */
const { KUBE_APISERVER: kubeApiserver = '', ETCD: etcd = '', PROGRAMS = '200', SEED = '1' } = process.env;
const options = { numRuns: Number(PROGRAMS), seed: Number(SEED) };

const servers = [
  { where: 'here', start: startOurs, isThere: true, isKube: false },
  {
    where: 'on a kube-apiserver',
    start: () => startKube(kubeApiserver, etcd),
    isKube: true,
    isThere: kubeApiserver !== '' && etcd !== '',
  },
];

describe.each(servers.filter(({ isThere }) => isThere))(
  'any program of API calls, $where',
  ({ start, isKube }) => {
    let server: Target;
    let client: Client;
    beforeAll(async () => {
      server = await start();
      client = createClient(server.place);
    });
    afterAll(async () => {
      client?.close();
      await server?.close();
    });

    it('is answered as the model says, and leaves its objects and its changes', async () => {
      let count = 0;
      await fc.assert(
        fc.asyncProperty(programs, async (program) => {
          count += 1;
          const namespace = `program-${count}`;
          const made = await client.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
          expect(made.status).toBe(201);
          await checkProgram(client, program, namespace, isKube);
        }),
        options,
      );
    }, 600_000);
  },
);
