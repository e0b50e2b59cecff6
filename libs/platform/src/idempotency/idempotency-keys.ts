import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { SealedBox } from '../crypto/sealed-box.js';
import { RedisClients } from '../redis/redis-clients.js';
import { Log } from '../telemetry/logger.js';
import { IdempotencyConfig } from './idempotency.config.js';
import { type IdempotencyRedis, withScripts } from './idempotency-scripts.js';

/** An answer as it is kept and replayed. */
export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A key that this call holds, until it is answered. */
export interface Claim {
  readonly key: string;
  readonly fingerprint: string;
  readonly token: string;
  readonly isSecret: boolean;
  renewing?: NodeJS.Timeout;
}

export type Claimed =
  | { outcome: 'claimed'; claim: Claim }
  | { outcome: 'answered'; answer: KeptAnswer }
  /** `not_kept`: it was answered, and the answer cannot be given again. `unavailable`: Redis is away. */
  | { outcome: 'in_flight' | 'reused' | 'not_kept' | 'unavailable' };

const requests = new Counter({
  name: 'idempotency_requests_total',
  help: 'Calls with an Idempotency-Key: hit (replayed), miss (ran), in_flight, reused, not_kept, unavailable.',
  labelNames: ['outcome'] as const,
});

const METRIC_OF = { claimed: 'miss', answered: 'hit' } as const;

/** Then a command would only wait for the next attempt to connect. */
const AWAY: ReadonlySet<string> = new Set(['reconnecting', 'close', 'end']);
/** What is kept of an answer that was larger than allowed: that there was one. */
const NOT_KEPT = '0';
/** A lease that runs out while its call still runs lets a second one in: one renewal may be lost. */
const RENEWALS_PER_LEASE = 3;

/**
 * The Idempotency-Keys of 24 hours, in Redis: the first call with a key claims it and leaves its answer there.
 * Answers that hold secrets are sealed under SECRETS_KEY, bound to their key.
 */
@Injectable()
export class IdempotencyKeys {
  private readonly redis: IdempotencyRedis;

  constructor(
    clients: RedisClients,
    private readonly config: IdempotencyConfig,
    private readonly box: SealedBox,
    private readonly log: Log,
  ) {
    this.redis = withScripts(clients.for('limits'));
  }

  /** Claims `key` for a request with this fingerprint, or tells what became of the first one. */
  async claim(key: string, fingerprint: string, isSecret: boolean): Promise<Claimed> {
    const claimed = await this.tryClaim(key, fingerprint, isSecret);
    requests.inc({ outcome: METRIC_OF[claimed.outcome as keyof typeof METRIC_OF] ?? claimed.outcome });
    return claimed;
  }

  private async tryClaim(key: string, fingerprint: string, isSecret: boolean): Promise<Claimed> {
    if (AWAY.has(this.redis.status)) return { outcome: 'unavailable' };
    const claim: Claim = { key, fingerprint, token: randomBytes(16).toString('base64url'), isSecret };
    let found: string[];
    try {
      found = await this.redis.idempotencyClaim(key, fingerprint, claim.token, this.leaseMs);
    } catch (error) {
      this.log.warn({ error }, 'Redis does not answer: an Idempotency-Key could not be claimed.');
      // The claim may still arrive, from a call that was refused: it must not block the next one.
      this.redis.idempotencyDrop(key, claim.token).catch(() => undefined);
      return { outcome: 'unavailable' };
    }
    const [outcome, ...kept] = found;
    if (outcome === 'answered') return this.opened(key, kept as [string, string, string], isSecret);
    if (outcome !== 'claimed') return { outcome: outcome as 'in_flight' | 'reused' };
    claim.renewing = setInterval(() => void this.renew(claim), this.leaseMs / RENEWALS_PER_LEASE);
    claim.renewing.unref();
    return { outcome, claim };
  }

  /**
   * Ends a claim with its answer. 5xx and 429 are not kept: the next call with this key runs. Of any other answer
   * that is larger than allowed (`body` null) only the fact is kept. Never throws: what was done was done.
   */
  async answer(
    claim: Claim,
    status: number,
    headers: Record<string, string>,
    body: string | null,
  ): Promise<void> {
    clearInterval(claim.renewing);
    try {
      if (status >= 500 || status === 429) await this.redis.idempotencyDrop(claim.key, claim.token);
      else await this.keep(claim, status, headers, body);
    } catch (error) {
      this.log.warn({ error }, 'Redis does not answer: an answer was not kept for its Idempotency-Key.');
    }
  }

  private async keep(
    claim: Claim,
    status: number,
    headers: Record<string, string>,
    body: string | null,
  ): Promise<void> {
    const { key, fingerprint, token } = claim;
    const isKept = body !== null && Buffer.byteLength(body) <= this.config.maxBytes;
    const answer = isKept
      ? [String(status), JSON.stringify(headers), this.sealed(claim, body)]
      : [NOT_KEPT, '{}', ''];
    await this.redis.idempotencyKeep(key, fingerprint, token, this.config.ttlSeconds * 1_000, ...answer);
  }

  private sealed({ isSecret, key }: Claim, body: string): string {
    return isSecret ? this.box.seal(Buffer.from(body), key).toString('base64') : body;
  }

  private opened(key: string, [status, headers, body]: [string, string, string], isSecret: boolean): Claimed {
    if (status === NOT_KEPT) return { outcome: 'not_kept' };
    try {
      const plain = isSecret ? this.box.open(Buffer.from(body, 'base64'), key).toString() : body;
      return {
        outcome: 'answered',
        answer: { status: Number(status), headers: JSON.parse(headers), body: plain },
      };
    } catch {
      // Sealed under a SECRETS_KEY that has been replaced since.
      return { outcome: 'not_kept' };
    }
  }

  private async renew(claim: Claim): Promise<void> {
    try {
      const isOurs = await this.redis.idempotencyRenew(
        claim.key,
        claim.fingerprint,
        claim.token,
        this.leaseMs,
      );
      if (!isOurs) clearInterval(claim.renewing);
    } catch {
      // The next renewal may reach it; if none does, the lease runs out.
    }
  }

  private get leaseMs(): number {
    return this.config.leaseSeconds * 1_000;
  }
}
