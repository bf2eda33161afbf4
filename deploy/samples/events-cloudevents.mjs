// Receives change events as CloudEvents over HTTP, checks their signatures and drops repeats.
// Needs a server with --cloudevents-url http://127.0.0.1:8080/ --cloudevents-secret-file FILE. Try it:
//   node deploy/samples/events-cloudevents.mjs 8080 FILE
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const [port = '8080', secretFile] = process.argv.slice(2);
const line = secretFile === undefined ? '' : readFileSync(secretFile, 'utf8').split('\n')[0].trim();
const secret = line.startsWith('whsec_') ? Buffer.from(line.slice(6), 'base64') : Buffer.from(line);
const longestAgeSeconds = 300;

/** Standard Webhooks: HMAC-SHA256 over id, time and body. The time keeps old requests from being sent again by others. */
const isGenuine = (headers, body) => {
  if (line === '') return true;
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(at)) < longestAgeSeconds)) return false;
  const expected = Buffer.from(`v1,${createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')}`);
  return signatures.split(' ').some((each) => {
    const given = Buffer.from(each);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
};

// A program that matters keeps these where they outlive it: events are sent at least once.
const seen = new Set();

const take = async (request, response) => {
  const body = await text(request);
  // 401 is a refusal: such an event is parked after a few tries. 503 would ask for it again, for ever.
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const { id, data } = JSON.parse(body);
  if (!seen.has(id)) {
    const { type, namespace, stream, tag, oldDigest = '-', newDigest = '-' } = data;
    process.stdout.write(`${type} ${namespace}/${stream}:${tag} ${oldDigest} -> ${newDigest}\n`);
    seen.add(id);
  }
  // Only now: an event that was answered does not come again.
  return response.writeHead(204).end();
};

const server = createServer((request, response) => {
  take(request, response).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    response.writeHead(500).end();
  });
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`listening on ${server.address().port}\n`));
