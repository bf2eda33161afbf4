import { afterAll, beforeAll, describe, it } from 'vitest';
import { hasRedis, type RedisServer, startRedis } from '../setup/redis.ts';
import { survivesKills } from './redis-moves.ts';

describe.skipIf(!hasRedis)('change events in Redis, at length', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('tells 5,000 moves once each and in order while two publishers are killed 200 times', async () => {
    await survivesKills(redis, { moves: 5_000, kills: 200, streams: 20 });
  }, 300_000);
});
