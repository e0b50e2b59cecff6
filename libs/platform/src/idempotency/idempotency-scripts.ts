import type { Redis } from 'ioredis';

/**
 * A key is a hash: `fingerprint` of the request and `token` of the call that holds it; once that is answered also
 * `status`, `headers` and `body`. Whoever does not hold the token changes nothing.
 */
const SCRIPTS = {
  /** fingerprint, token, lease in ms -> [outcome, ...] */
  idempotencyClaim: `
    local held = redis.call('HMGET', KEYS[1], 'fingerprint', 'status', 'headers', 'body')
    if not held[1] then
      redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2])
      redis.call('PEXPIRE', KEYS[1], ARGV[3])
      return {'claimed'}
    end
    if held[1] ~= ARGV[1] then return {'reused'} end
    if not held[2] then return {'in_flight'} end
    return {'answered', held[2], held[3], held[4]}`,

  /** fingerprint, token, lease in ms -> 1 while the call holds the key. Takes back what a flush has taken. */
  idempotencyRenew: `
    local token = redis.call('HGET', KEYS[1], 'token')
    if token and token ~= ARGV[2] then return 0 end
    redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 1`,

  /** fingerprint, token, TTL in ms, status, headers, body -> 1 when kept. A lapsed lease that nobody took still serves. */
  idempotencyKeep: `
    local token = redis.call('HGET', KEYS[1], 'token')
    if token and token ~= ARGV[2] then return 0 end
    redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2],
      'status', ARGV[4], 'headers', ARGV[5], 'body', ARGV[6])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 1`,

  /** token -> 1 when the key was given up. */
  idempotencyDrop: `
    if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])`,
};

/** The connection with the four scripts on it. */
export interface IdempotencyRedis {
  readonly status: Redis['status'];
  idempotencyClaim(key: string, fingerprint: string, token: string, leaseMs: number): Promise<string[]>;
  idempotencyRenew(key: string, fingerprint: string, token: string, leaseMs: number): Promise<number>;
  idempotencyKeep(
    key: string,
    fingerprint: string,
    token: string,
    ttlMs: number,
    ...answer: string[]
  ): Promise<number>;
  idempotencyDrop(key: string, token: string): Promise<number>;
}

export function withScripts(client: Redis): IdempotencyRedis {
  for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { numberOfKeys: 1, lua });
  return client as unknown as IdempotencyRedis;
}
