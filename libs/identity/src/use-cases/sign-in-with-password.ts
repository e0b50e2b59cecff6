import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, DomainError, idOf } from '#platform';
import { AddressHash, EmailAddress, PasswordText } from '../accounts/address.js';
import type { CountedAttempt } from '../accounts/counted-attempt.js';
import { policyOf } from '../domain/session-policy.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Addresses, type Holders } from '../persistence/addresses.js';
import { Passwords } from '../persistence/passwords.js';
import { IssueTokens, type Profile, type Tokens } from './issue-tokens.js';
import { StartSession } from './start-session.js';

/** Which organisation to sign in to; the oldest that is not suspended unless given. */
export const SignInTo = idOf('ten').optional();

export const PasswordLogin = z.strictObject({
  email: EmailAddress,
  password: PasswordText,
  tenantId: SignInTo,
});

/** 401 `INVALID_CREDENTIALS`: one answer, whatever was wrong. */
const invalidCredentials = () =>
  new DomainError('unauthenticated', 'INVALID_CREDENTIALS', 'The address or the password is wrong.');

/** Attempts are the owner's to read. Whoever only claims the address would learn by them whether it has one. */
const whoseAttempt = ({ owner }: Holders) => owner;

/** Whose password it was. */
interface Matched {
  userId: string;
  /** Whether the address is proved to be theirs. */
  isOwner: boolean;
  /** When they chose it. */
  changedAt: Date;
}

/** Signs in by address and password. */
@Injectable()
export class SignInWithPassword {
  constructor(
    private readonly addressHash: AddressHash,
    private readonly addresses: Addresses,
    private readonly passwords: Passwords,
    private readonly hasher: PasswordHasher,
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
  ) {}

  /**
   * Throws 401 `INVALID_CREDENTIALS`, 403 `NO_ORGANIZATION`, 404 for a tenant that they are not in, 429 `SIGN_IN_LOCKED`, 503 `BUSY`, and what
   * StartSession throws.
   */
  async execute(actor: Actor, input: z.output<typeof PasswordLogin>): Promise<Profile & { tokens: Tokens }> {
    const addressHash = this.addressHash.of(input.email);
    const attempt = await this.startSession.begin(actor, {
      method: 'password',
      subject: addressHash,
      addressHash,
      whose: () => this.addresses.holders(actor, addressHash).then(whoseAttempt),
    });
    const { userId, isOwner, changedAt } = await this.prove(actor, attempt, addressHash, input.password);

    const anywhere = actor.as({ type: 'user', id: userId, tenantId: null });
    const profile = await this.issueTokens
      .profileToSignIn(anywhere, input.tenantId)
      .catch(async (error: unknown) => {
        await attempt.undo();
        return this.startSession.turnAway(anywhere, { method: 'password', addressHash }, error);
      });
    const how = {
      ...{ provider: 'password', amr: ['pwd'], addressHash },
      attempt: isOwner ? attempt : attempt.byClaimant(),
      passwordOf: changedAt,
    };
    if (!profile) return this.startSession.withoutTenant(anywhere, how);
    const here = anywhere.as({ tenantId: profile.tenant.id });
    const { session, refreshToken } = await this.startSession.execute(here, how, policyOf(profile.tenant));
    return { ...profile, tokens: await this.issueTokens.tokens(profile, session, refreshToken) };
  }

  /** Whose address and password these are. Every failed attempt stays counted, and is recorded. */
  private async prove(
    actor: Actor,
    attempt: CountedAttempt,
    addressHash: Buffer,
    password: string,
  ): Promise<Matched> {
    const { matched, holders } = await attempt.made(this.match(actor, addressHash, password));
    if (matched) return matched;
    const { owner, claimant } = holders;
    await attempt.wrong((owner ?? claimant) ? 'wrong_password' : 'unknown_address', whoseAttempt(holders));
    throw invalidCredentials();
  }

  /**
   * Whoever has proved the address, else the last who claimed it, if the password is theirs. A refusal always costs two
   * hashes, whether there are two such accounts, one or none, so that its time does not tell; but for a hash that was
   * imported, or has other parameters than today's, which takes its own time until its owner's next sign-in.
   */
  private async match(
    actor: Actor,
    addressHash: Buffer,
    password: string,
  ): Promise<{ matched: Matched | null; holders: Holders }> {
    const holders = await this.addresses.holders(actor, addressHash);
    for (const userId of [holders.owner, holders.claimant]) {
      const person = actor.as({ type: 'user', id: userId ?? '', tenantId: null });
      const stored = await this.passwords.find(person);
      const { matches, renewed } = await this.hasher.check(userId ?? '', stored, password);
      if (!matches || !stored || !userId) continue;
      if (renewed) await this.passwords.renew(person, stored, renewed);
      const { changedAt } = stored;
      return { matched: { userId, isOwner: userId === holders.owner, changedAt }, holders };
    }
    return { matched: null, holders };
  }
}
