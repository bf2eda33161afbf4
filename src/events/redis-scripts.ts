/**
 * What runs inside Redis. All keys of a sink share one hash tag, so that a script may touch them in a cluster, too.
 *
 * KEYS 1: the stream of events, 2: the hash of one ImageStream's cursors, 3: the set of uids that have one, 4: the newest lease epoch.
 * The hash holds each tag's last revision; `@deleted`: the highest revision of a deleted tag; `@name`: namespace/name; `@closed`: the
 * ImageStream is gone; `!TAG`: the last failure or recovery that was told. No tag begins with `@` or `!`.
 */
const fence = `
local newest = tonumber(redis.call('GET', KEYS[4]) or '0')
local epoch = tonumber(ARGV[1])
if epoch < newest then return 'fenced' end
if epoch > newest then redis.call('SET', KEYS[4], ARGV[1]) end
`;

/** ARGV: epoch, tag, expected cursor, next cursor, uid, name, longest stream, then the fields of the event. Answers ok, stale or fenced. */
export const publishScript = `${fence}
local tag, after, to = ARGV[2], ARGV[3], ARGV[4]
if redis.call('HEXISTS', KEYS[2], '@closed') == 1 then return 'stale' end
if (redis.call('HGET', KEYS[2], tag) or '0') ~= after then return 'stale' end
local deleted = tonumber(redis.call('HGET', KEYS[2], '@deleted') or '0')
if to == 'deleted' then
  redis.call('HDEL', KEYS[2], tag, '!' .. tag)
  redis.call('HSET', KEYS[2], '@deleted', string.format('%d', math.max(deleted, tonumber(after))))
else
  if after == '0' and tonumber(to) <= deleted then return 'stale' end
  redis.call('HSET', KEYS[2], tag, to)
end
redis.call('HSET', KEYS[2], '@name', ARGV[6])
redis.call('SADD', KEYS[3], ARGV[5])
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[7], '*', unpack(ARGV, 8))
return 'ok'
`;

/** ARGV: epoch, tag, id, longest stream, then the fields of the event. An event that was told last of the tag is not told again. */
export const tellScript = `${fence}
if redis.call('HGET', KEYS[2], '!' .. ARGV[2]) == ARGV[3] then return 'ok' end
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HSET', KEYS[2], '!' .. ARGV[2], ARGV[3]) end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', unpack(ARGV, 5))
return 'ok'
`;

/** ARGV: epoch, uid, how many milliseconds to remember that it is closed: a program that lags behind must not begin anew. */
export const forgetScript = `${fence}
redis.call('SREM', KEYS[3], ARGV[2])
if redis.call('DEL', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], '@closed', '1')
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
return 'ok'
`;
