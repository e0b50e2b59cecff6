import { z } from 'zod';
import { configOf, type Env, flag, secret, setting } from '../config/config.js';

const url = () => z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' });

/** Redis, one URL for each purpose so that they can be separated; each defaults to REDIS_URL (S2-50). */
export class RedisConfig extends configOf(
  'redis',
  {
    url: secret('REDIS_URL', url(), 'Redis for every purpose that has no URL of its own.'),
    seatsUrl: secret('REDIS_SEATS_URL', url().optional(), 'Redis that decides seats.'),
    queuesUrl: secret('REDIS_QUEUES_URL', url().optional(), 'Redis that moves jobs (BullMQ).'),
    limitsUrl: secret('REDIS_LIMITS_URL', url().optional(), 'Redis that counts for rate limits and idempotency.'),
    noncesUrl: secret('REDIS_NONCES_URL', url().optional(), 'Redis that keeps nonces.'),
    plaintextAllowed: setting(
      'REDIS_PLAINTEXT_ALLOWED',
      flag(false),
      'Names the exception: production may reach Redis without TLS (a private network).',
    ),
  },
  (values, env) =>
    [values.url, values.seatsUrl, values.queuesUrl, values.limitsUrl, values.noncesUrl]
      .filter((one) => one !== undefined)
      .flatMap((one) => guardUrl(one, env, values.plaintextAllowed)),
) {}

function guardUrl(one: string, env: Env, plaintextAllowed: boolean): string[] {
  if (env !== 'production') return [];
  const parsed = new URL(one);
  const faults: string[] = [];
  if (!parsed.password) faults.push(`Redis at ${parsed.host}: production needs a password.`);
  if (parsed.protocol !== 'rediss:' && !plaintextAllowed) {
    faults.push(`Redis at ${parsed.host}: production needs TLS (rediss://), or REDIS_PLAINTEXT_ALLOWED=true.`);
  }
  return faults;
}
