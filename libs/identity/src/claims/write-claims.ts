import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { type Actor, PermanentFailure } from '#platform';
import { Identities, type UpstreamAccount } from '../persistence/identities.js';
import { UpstreamAccounts } from '../upstream/upstream-accounts.js';
import { ClaimsPace } from './claims-pace.js';
import { fitted, NO_CLAIMS, othersOf } from './custom-claims.js';
import { DescribeClaims } from './describe-claims.js';

/** Each round follows a change that came while the one before was written. */
const MAX_ROUNDS = 5;

/**
 * Brings the claims in the issuer's tokens to what holds. Nothing is carried from where the change happened: both
 * sides are read, and after every write they are read again. So jobs may come twice, late, in any order and together:
 * the one that writes last has seen afterwards that what it wrote holds, or writes once more.
 */
@Injectable()
export class WriteClaims {
  constructor(
    private readonly accounts: UpstreamAccounts,
    private readonly identities: Identities,
    private readonly describeClaims: DescribeClaims,
    private readonly pace: ClaimsPace,
  ) {}

  /** Into every account that the person signs in by; nothing for who has none. Throws when the issuer is away. */
  async ofPerson(person: Actor): Promise<void> {
    const { issuer } = this.accounts;
    if (!issuer) return;
    const own = (await this.identities.list(person)).filter((one) => one.issuer === issuer);
    for (const account of new Set(own.map((one) => one.account)))
      await this.ofAccount(person, { issuer, account });
  }

  /** Into one account, whoever holds it now; nobody, and ours are taken out. One that is gone has none. */
  async ofAccount(actor: Actor, { issuer, account }: UpstreamAccount): Promise<void> {
    if (issuer !== this.accounts.issuer) return;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const present = await this.accounts.claims(account);
      if (!present) return;
      const userId = await this.identities.holderOf(actor, { issuer, account });
      const holder = userId && actor.as({ type: 'user', id: userId, tenantId: null });
      const ours = holder ? await this.describeClaims.execute(holder) : NO_CLAIMS;
      const wanted = fitted(othersOf(present), ours);
      if (!wanted)
        throw new PermanentFailure(
          'The claims of others leave no room for ours: 1,000 bytes is all there is.',
        );
      if (isDeepStrictEqual(wanted, present)) return;
      await this.pace.turn();
      if (!(await this.accounts.setClaims(account, wanted))) return;
    }
    throw new Error('The claims of an account change faster than they can be written.');
  }
}
