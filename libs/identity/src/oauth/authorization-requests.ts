import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { RedisClients } from '#platform';
import { asUnavailable } from '../nonces/nonces.js';
import { SealedRecords } from '../nonces/sealed-records.js';
import { keyOfSecret, newOneTimeSecret } from './one-time-secret.js';

/** Time to sign in, with a second factor, and to read what is asked, in seconds. */
const LIFETIME_SECONDS = 600;
const PURPOSE = 'authorize';

const Request = z.object({
  clientId: z.string(),
  redirectUri: z.string(),
  challenge: z.string(),
  state: z.string(),
  deviceName: z.string().nullable(),
  address: z.string().nullable(),
  askedAt: z.number(),
});

/** What a program asks for, checked, until a person has answered. */
export type AuthorizationRequest = z.output<typeof Request>;

/** In Redis alone, found by a secret that is in the consent page's address. Throws 503 `UNAVAILABLE` without it. */
@Injectable()
export class AuthorizationRequests {
  constructor(
    private readonly clients: RedisClients,
    private readonly records: SealedRecords,
  ) {}

  async keep(request: AuthorizationRequest): Promise<string> {
    const secret = newOneTimeSecret('areq_');
    const key = keyOfSecret(PURPOSE, secret);
    await this.redis.set(key, this.records.seal(key, request), 'EX', LIFETIME_SECONDS).catch(asUnavailable);
    return secret;
  }

  /** Null when it is unknown, has run out or was answered. */
  async look(secret: string): Promise<AuthorizationRequest | null> {
    const key = keyOfSecret(PURPOSE, secret);
    return this.records.open(key, Request, await this.redis.get(key).catch(asUnavailable));
  }

  /** The same for who answers it: of several at once one gets it. */
  async take(secret: string): Promise<AuthorizationRequest | null> {
    const key = keyOfSecret(PURPOSE, secret);
    return this.records.open(key, Request, await this.redis.getdel(key).catch(asUnavailable));
  }

  private get redis() {
    return this.clients.for('nonces');
  }
}
