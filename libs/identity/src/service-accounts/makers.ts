import { Injectable } from '@nestjs/common';
import { type Actor, unauthenticated } from '#platform';
import { ReadLicenses } from '#licensing';
import { DescribeMembership, scopesUnder } from '#tenancy';
import { TokenEpochs } from '../persistence/token-epochs.js';
import { mustManage } from './scopes.js';

/** Who makes credentials for programs, by what they may do now: their token says what they might when it was signed. */
@Injectable()
export class Makers {
  constructor(
    private readonly epochs: TokenEpochs,
    private readonly describeMembership: DescribeMembership,
    private readonly readLicenses: ReadLicenses,
  ) {}

  /**
   * Inside the transaction that makes one, first of all. A person who is put out or given less at this moment is so
   * before, and makes none, or after, and it ends with theirs. Gives the actor with what is left of their token's scopes.
   * Throws the one 401 for who is no member any more, 403 `MISSING_SCOPE`.
   */
  async hold(actor: Actor): Promise<Actor> {
    if (actor.type !== 'user') return actor;
    await this.epochs.hold();
    const [membership, license] = await Promise.all([
      this.describeMembership.execute(actor),
      this.readLicenses.first(actor),
    ]);
    if (!membership) throw unauthenticated('no member any more');
    const held = scopesUnder(membership.grants, license?.terms.entitlements ?? []);
    const present = actor.as({ scopes: held.filter((scope) => actor.scopes.has(scope)) });
    mustManage(present);
    return present;
  }
}
