/** One request to etcd, by its JSON gateway. */
const ask = async (etcdUrl: string, call: string, body: unknown): Promise<unknown> => {
  const response = await fetch(`${etcdUrl}/v3/kv/${call}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd: ${response.status} ${await response.text()}`);
  return response.json();
};

const encode = (text: string): string => Buffer.from(text).toString('base64');

/** One object as the API server keeps it. */
export type StoredInEtcd = {
  readonly key: string;
  readonly value: { readonly metadata: Record<string, unknown> };
};

/** The first object under a prefix: with what the API server adds, such as who manages which field. */
export const readFirst = async (etcdUrl: string, prefix: string): Promise<StoredInEtcd> => {
  const range = { key: encode(prefix), range_end: encode(`${prefix.slice(0, -1)}0`), limit: 1 };
  const { kvs = [] } = (await ask(etcdUrl, 'range', range)) as { kvs?: { key: string; value: string }[] };
  const [found] = kvs;
  if (found === undefined) throw new Error(`etcd has nothing under ${prefix}`);
  return {
    key: Buffer.from(found.key, 'base64').toString(),
    value: JSON.parse(Buffer.from(found.value, 'base64').toString()) as StoredInEtcd['value'],
  };
};

/** Objects per transaction: etcd takes 128, and 1.5 MB. */
const batchSize = 20;

/** Writes objects past the API server, which hears of them by its watch like of any others. */
export const putAll = async (
  etcdUrl: string,
  entries: Iterable<readonly [string, unknown]>,
): Promise<void> => {
  let batch: unknown[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await ask(etcdUrl, 'txn', { success: batch });
    batch = [];
  };
  for (const [key, value] of entries) {
    batch.push({ request_put: { key: encode(key), value: encode(JSON.stringify(value)) } });
    if (batch.length === batchSize) await flush();
  }
  await flush();
};
