import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { RedisClients } from '#platform';
import { asUnavailable } from '../nonces/nonces.js';
import { SealedRecords } from '../nonces/sealed-records.js';
import { hashOfSecret, keyOfSecret, newOneTimeSecret } from './one-time-secret.js';

/** Time to sign in, with a second factor, and to read what is asked, in seconds. */
export const REQUEST_SECONDS = 600;
const PURPOSE = 'authorize';

const Request = z.object({
  clientId: z.string(),
  redirectUri: z.string(),
  challenge: z.string(),
  state: z.string(),
  deviceName: z.string().nullable(),
  address: z.string().nullable(),
  askedAt: z.number(),
  /** The browser that it was begun in, by the hash of its cookie. */
  browser: z.string(),
});

/** What a program asks for, checked, until a person has answered. */
export type AuthorizationRequest = z.output<typeof Request>;

/** A request as it came to the consent page, and the browser that brings it; null for one that no program has opened. */
export interface BroughtRequest {
  request: string;
  browser: string | null;
}

/** In Redis alone, found by a secret that is in the consent page's address. Throws 503 `UNAVAILABLE` without it. */
@Injectable()
export class AuthorizationRequests {
  constructor(
    private readonly clients: RedisClients,
    private readonly records: SealedRecords,
  ) {}

  /** For the browser that it was begun in. */
  async keep(asked: Omit<AuthorizationRequest, 'browser'>, browser: string): Promise<string> {
    const secret = newOneTimeSecret('areq_');
    const key = keyOfSecret(PURPOSE, secret);
    const request = { ...asked, browser: hashOfSecret(browser) };
    await this.redis.set(key, this.records.seal(key, request), 'EX', REQUEST_SECONDS).catch(asUnavailable);
    return secret;
  }

  /** Null when it is unknown, has run out or was answered, and for another browser than it was begun in. */
  async look({ request, browser }: BroughtRequest): Promise<AuthorizationRequest | null> {
    const key = keyOfSecret(PURPOSE, request);
    const asked = this.records.open(key, Request, await this.redis.get(key).catch(asUnavailable));
    return asked && browser !== null && asked.browser === hashOfSecret(browser) ? asked : null;
  }

  /** The same for who answers it: of several at once one gets it. */
  async take(brought: BroughtRequest): Promise<AuthorizationRequest | null> {
    // Whoever may not answer it does not spoil it.
    if (!(await this.look(brought))) return null;
    const key = keyOfSecret(PURPOSE, brought.request);
    return this.records.open(key, Request, await this.redis.getdel(key).catch(asUnavailable));
  }

  private get redis() {
    return this.clients.for('nonces');
  }
}
