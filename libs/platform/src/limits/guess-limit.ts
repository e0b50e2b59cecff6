import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../clock/clock.js';
import { addressKey } from './address-key.js';
import { LimitStore } from './limit-store.js';
import { Limits } from './limits.config.js';
import { type Policy, RateLimited } from './rate-limited.js';

const EVERYBODY = 'everybody';
/** About 4 MB when full. */
const MAX_ADDRESSES = 20_000;

export type Guessed =
  | 'license_key'
  | 'mistyped_key'
  | 'session_id'
  | 'webhook_signature'
  | 'api_key'
  | 'issue_signature'
  | 'user_code';

interface Misses {
  count: number;
  endsAt: number;
}

/**
 * Slows down those who guess: counts misses only (an unknown licence key, a forged session id), per address and
 * of everybody, each kind by itself. Misses are counted in Redis; what this process learns from counting them it
 * remembers, so a call that guesses nothing costs nothing. An address may so guess once more at each other
 * process, whose answer is then withheld.
 */
@Injectable()
export class GuessLimit {
  private readonly known = new LRUCache<string, Misses>({ max: MAX_ADDRESSES });
  private readonly everybody = new Map<Guessed, Misses>();
  private readonly address: Policy;
  private readonly global: Policy;

  constructor(
    private readonly store: LimitStore,
    private readonly clock: Clock,
    limits: Limits,
  ) {
    const { windowSeconds, guessesPerAddress, guessesGlobal } = limits;
    const of = (scope: 'address' | 'global', limit: number): Policy => ({
      name: 'guesses',
      budget: 'guess',
      scope,
      limit,
      windowSeconds,
    });
    this.address = of('address', guessesPerAddress);
    this.global = of('global', guessesGlobal);
  }

  /**
   * Before the lookup: refuses an address whose misses are spent, and while everybody's are, each address that
   * has missed. One that never missed is not made to pay for the guesses of others. Not for what proves itself
   * without a lookup, like a session id: there only `miss` is told, or a neighbour's forgeries refuse good seats.
   *
   * @throws RateLimited (429 `RATE_LIMITED`).
   */
  check(address: string | null, guessed: Guessed = 'license_key'): void {
    if (address === null) return;
    const now = this.clock.now().getTime();
    const misses = this.known.get(`${guessed} ${addressKey(address)}`);
    if (!misses || misses.endsAt <= now) return;
    if (misses.count >= this.address.limit) throw new RateLimited(this.address, misses.endsAt - now);
    this.checkEverybody(guessed);
  }

  /**
   * Before a lookup that may find somebody else's secret: refuses everybody while everybody's misses are spent, also
   * an address that never missed. Else whoever has many addresses guesses once from each, without an end.
   *
   * @throws RateLimited (429 `RATE_LIMITED`).
   */
  checkEverybody(guessed: Guessed = 'license_key'): void {
    const all = this.everybody.get(guessed);
    const now = this.clock.now().getTime();
    if (all && all.endsAt > now && all.count >= this.global.limit)
      throw new RateLimited(this.global, all.endsAt - now);
  }

  /**
   * After the lookup, when it found nothing.
   *
   * @throws RateLimited (429 `RATE_LIMITED`) when the misses of this address were spent before: then the caller
   * does not learn whether this guess was one.
   */
  async miss(address: string | null, guessed: Guessed = 'license_key'): Promise<void> {
    if (address === null) return;
    const key = addressKey(address);
    const [mine, all] = await Promise.all([
      this.count(`guess:${guessed}:${key}`),
      this.count(`guess:${guessed}:${EVERYBODY}`),
    ]);
    this.known.set(`${guessed} ${key}`, mine);
    this.everybody.set(guessed, all);
    const now = this.clock.now().getTime();
    if (mine.count > this.address.limit) throw new RateLimited(this.address, mine.endsAt - now);
    if (mine.count > 1 && all.count > this.global.limit) throw new RateLimited(this.global, all.endsAt - now);
  }

  private async count(key: string): Promise<Misses> {
    const { points, endsInMs } = await this.store.count(key);
    return { count: points, endsAt: this.clock.now().getTime() + endsInMs };
  }
}
