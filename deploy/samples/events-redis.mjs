// Reads change events from the Redis stream as one of a group: each event goes to one member, and again to another when it was not done.
// Needs a server with --redis-url. Try it:
//   node deploy/samples/events-redis.mjs redis://127.0.0.1:6379
import { Redis } from 'ioredis';

const [url = 'redis://127.0.0.1:6379', prefix = 'imagestreams'] = process.argv.slice(2);
const stream = `{${prefix}}:events`;
const group = 'sample';
const consumer = `sample-${process.pid}`;
const redis = new Redis(url);

try {
  // From the beginning of what is kept; '$' would begin with what happens from now on.
  await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
} catch (error) {
  if (!String(error).includes('BUSYGROUP')) throw error;
}

/** What a member does. It may be told twice (when it ends before it says that it is done), so keep what it does repeatable. */
const handle = (event) => {
  const { type, namespace, stream: name, tag, oldDigest = '-', newDigest = '-' } = event;
  process.stdout.write(`${type} ${namespace}/${name}:${tag} ${oldDigest} -> ${newDigest}\n`);
};

// '0' first: what this member was given and did not finish before; then '>': what nobody was given.
for (let from = '0'; ; ) {
  const answer = await redis.xreadgroup('GROUP', group, consumer, 'COUNT', 100, 'BLOCK', 5000, 'STREAMS', stream, from);
  const entries = answer?.[0]?.[1] ?? [];
  for (const [entry, fields] of entries) {
    handle(JSON.parse(fields[fields.indexOf('data') + 1]));
    await redis.xack(stream, group, entry);
  }
  if (entries.length === 0) from = '>';
}
