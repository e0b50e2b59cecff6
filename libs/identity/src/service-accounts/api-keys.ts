import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Actor, asDomainError, Clock, GuessLimit, sameBytes, unauthenticated } from '#platform';
import { keyStatusAt } from '../domain/api-key.js';
import type { ServiceAccount } from '../domain/service-account.js';
import { type KeyRow, ServiceCredentials } from '../persistence/service-credentials.js';
import { SharedTurns } from '../tokens/shared-turns.js';
import { type ApiKeyParts, hashOfApiKey, parseApiKey } from './api-key.js';
import { ServiceAccountsConfig } from './service-accounts.config.js';
import { ServiceEpochs } from '../tokens/epochs.js';
import { type ServiceStanding, Standings, stillAllowed } from './service-standing.js';

/** A key that is good, with what stands behind it. */
export interface GoodKey {
  row: KeyRow;
  standing: ServiceStanding;
  /** What it may do: what is left of its own and its account's by what is allowed now. */
  scopes: string[];
}

interface Known extends GoodKey {
  readAt: number;
}

/** About 2 kB each. */
const REMEMBERED = 10_000;
/** What plan and organisation allow is looked up again after so long, in ms; changes of the key are told at once. */
const FRESH_MS = 60_000;
/** While Postgres is away nothing can be revoked, and what is known holds for so long, in ms: as an access token. */
const KEEP_MS = 3_600_000;

/**
 * The API keys that this process has seen. One that is known costs no read: what becomes of it, ServiceWatch tells
 * within two seconds.
 */
@Injectable()
export class ApiKeys {
  private readonly known = new LRUCache<string, Known>({ max: REMEMBERED });
  private readonly turns = new SharedTurns<Known | null>();
  /** Grows with each change that is heard of: what was read while it grew may be of before. */
  private heard = 0;

  constructor(
    private readonly credentials: ServiceCredentials,
    private readonly standings: Standings,
    private readonly config: ServiceAccountsConfig,
    private readonly epochs: ServiceEpochs,
    private readonly guesses: GuessLimit,
    private readonly clock: Clock,
  ) {}

  /**
   * Whether its organisation is suspended, the caller asks. Throws the one 401, its cause in the log; 429 `RATE_LIMITED`
   * for an address that guesses.
   */
  async authenticate(actor: Actor, text: string): Promise<GoodKey> {
    const known = await this.find(actor, text);
    const { row } = known;
    const status = keyStatusAt(row, this.clock.now());
    if (status !== 'active') throw unauthenticated(`API key ${status}`);
    if (row.account.status !== 'active') throw unauthenticated(`service account ${row.account.status}`);
    return known;
  }

  /** Something about these accounts or their keys has changed; `epoch` is the one that each is in now. */
  changed(accounts: readonly Pick<ServiceAccount, 'id' | 'epoch'>[]): void {
    this.heard += 1;
    for (const { id, epoch } of accounts) this.epochs.note(id, epoch);
    const ids = new Set(accounts.map(({ id }) => id));
    for (const [text, { row }] of this.known) if (ids.has(row.account.id)) this.known.delete(text);
  }

  /** Whatever has become of it. Throws the one 401 for a key that nobody made, 429 for an address that guesses. */
  async find(actor: Actor, text: string): Promise<Known> {
    const known = this.known.get(text);
    const age = known ? this.clock.now().getTime() - known.readAt : Infinity;
    if (known && age < FRESH_MS) return known;
    const parts = parseApiKey(text);
    if (!parts) throw unauthenticated('not an API key');
    if (!known) this.guesses.check(actor.origin.address, 'api_key');
    try {
      const found = await this.turns.run(text, () => this.read(actor, text, parts));
      if (found) return found;
    } catch (error) {
      if (!known || age > KEEP_MS || asDomainError(error).kind !== 'unavailable') throw error;
      return known;
    }
    await this.guesses.miss(actor.origin.address, 'api_key');
    throw unauthenticated('unknown API key');
  }

  /** Null for a key that nobody made. */
  private async read(actor: Actor, text: string, parts: ApiKeyParts): Promise<Known | null> {
    const { heard } = this;
    const row = await this.credentials.key(actor, parts.tenantId, parts.keyId);
    const pepper = this.config.peppers.find((one) => one.version === row?.pepper);
    if (!row || !pepper || !sameBytes(hashOfApiKey(pepper.key, parts), row.hash)) return null;
    const standing = await this.standings.of(actor.as({ tenantId: parts.tenantId }));
    if (!standing) return null;
    const scopes = stillAllowed(standing, row.keyScopes, row.account.scopes);
    const known = { row, standing, scopes, readAt: this.clock.now().getTime() };
    if (heard === this.heard) this.known.set(text, known);
    return known;
  }
}
