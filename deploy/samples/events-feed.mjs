// Follows the feed of the server as server-sent events and comes back where it was when the connection breaks. Try it:
//   NODE_EXTRA_CA_CERTS=.imagestreams/tls/ca.crt node deploy/samples/events-feed.mjs https://127.0.0.1:8443 .imagestreams/token
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const [server = 'https://127.0.0.1:8443', tokenFile = '.imagestreams/token'] = process.argv.slice(2);
const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
const feed = new URL('/apis/imagestreams.dev/v1/events?follow=true', server);

const handle = ({ type, namespace, stream, tag, oldDigest = '-', newDigest = '-' }) =>
  process.stdout.write(`${type} ${namespace}/${stream}:${tag} ${oldDigest} -> ${newDigest}\n`);

let lastId;
for (;;) {
  try {
    const headers = { accept: 'text/event-stream', authorization, ...(lastId && { 'last-event-id': lastId }) };
    const response = await fetch(feed, { headers });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2)));
        handle(JSON.parse(fields.get('data')));
        lastId = fields.get('id') ?? lastId;
      }
    }
  } catch (error) {
    process.stderr.write(`${error.message}${error.cause ? `: ${error.cause.message}` : ''}; trying again\n`);
  }
  await wait(1000);
}
