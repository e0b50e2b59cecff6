import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, occurred, STEP_UP_SECONDS, unauthenticated } from '#platform';
import { AddressHash, PasswordText } from '../accounts/address.js';
import { tooMany } from '../accounts/budgets.js';
import { IdentityLinked } from '../events/index.js';
import { Identities, type LinkedIdentity } from '../persistence/identities.js';
import { Users } from '../persistence/users.js';
import { signedInWithin, UpstreamIdentity, type UpstreamPerson } from '../upstream/upstream-identity.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';
import { OfferLink } from './offer-link.js';

/** More than anybody has; the list is given whole. */
const MAX_IDENTITIES = 20;
const HOUR_MS = 3_600_000;

export const LinkIdentityInput = z.strictObject({
  idToken: z.string().min(1).max(8_192).meta({ example: 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2ln' }),
  password: PasswordText.optional(),
});

export type Linked =
  | { status: 'linked' | 'already_linked'; identity: LinkedIdentity }
  | { status: 'confirmation_sent'; identity: null };

/** 409 `IDENTITY_TAKEN`: it signs in to another account. */
const identityTaken = (): DomainError =>
  new DomainError('conflict', 'IDENTITY_TAKEN', 'This identity signs in to another account.');

/**
 * A further way to sign in for somebody who is signed in. Both sides are verified: the account's address, and the
 * identity's, by its issuer or by a mail that goes there.
 */
@Injectable()
export class LinkIdentity {
  constructor(
    private readonly db: Db,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly upstream: UpstreamIdentity,
    private readonly identities: Identities,
    private readonly users: Users,
    private readonly addressHash: AddressHash,
    private readonly offerLink: OfferLink,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403 `REAUTHENTICATION_REQUIRED` or `EMAIL_NOT_VERIFIED`, 409 `IDENTITY_TAKEN` or `IDENTITIES_EXHAUSTED`, 422
   * `ID_TOKEN_INVALID`, 429, 503.
   */
  async execute(actor: Actor, input: z.output<typeof LinkIdentityInput>): Promise<Linked> {
    const user = await this.confirmOwnPassword.execute(actor, input.password);
    if (!user.emailVerified)
      throw new DomainError('forbidden', 'EMAIL_NOT_VERIFIED', 'Verify your e-mail address first.');
    const person = await this.upstream.verify(input.idToken).catch(asInvalidToken);
    // The other side, too, has shown just now who they are.
    if (!signedInWithin(person, STEP_UP_SECONDS * 1_000, this.clock.now()))
      throw new DomainError(
        'forbidden',
        'REAUTHENTICATION_REQUIRED',
        'Sign in at the identity provider again, then link it.',
      );

    const existing = await this.ownAlready(actor, person);
    if (existing) return { status: 'already_linked', identity: existing };
    if (!person.emailVerified) {
      if (await this.offerLink.ask(actor, person, this.addressHash.of(person.email)))
        return { status: 'confirmation_sent', identity: null };
      throw tooMany(HOUR_MS);
    }
    const identity = await this.db.transaction(actor, () => this.link(person, 'signed_in'));
    return { status: 'linked', identity };
  }

  /** Inside the transaction of the person it is linked to. Throws 409 `IDENTITY_TAKEN` or `IDENTITIES_EXHAUSTED`. */
  async link(person: UpstreamPerson, how: 'signed_in' | 'mail'): Promise<LinkedIdentity> {
    if (!(await this.users.lock())) throw unauthenticated('no such person');
    const own = await this.identities.own();
    // Two calls of the same person at once: the second finds what the first has done.
    const before = own.find((one) => isSame(one, person));
    if (before) return before;
    if (own.length >= MAX_IDENTITIES)
      throw new DomainError('conflict', 'IDENTITIES_EXHAUSTED', 'Remove one of your ways to sign in first.');
    const linked = await this.identities.link(person, null);
    if (!linked) throw identityTaken();
    const { id: identityId, provider } = linked;
    const userId = this.db.actor.id ?? '';
    this.db.record([occurred(IdentityLinked, { userId, identityId, provider, how }, this.clock.now())]);
    return linked;
  }

  private async ownAlready(actor: Actor, person: UpstreamPerson): Promise<LinkedIdentity | null> {
    const owner = await this.identities.ownerOf(actor, person);
    if (owner !== null && owner !== actor.id) throw identityTaken();
    if (owner === null) return null;
    return (await this.identities.list(actor)).find((one) => isSame(one, person)) ?? null;
  }
}

const isSame = (one: LinkedIdentity, person: UpstreamPerson) =>
  one.connection === person.connection && one.subject === person.subject;

/** The caller's own bearer is good: a 401 would tell clients to sign in again. */
function asInvalidToken(error: unknown): never {
  if (!(error instanceof DomainError) || error.kind !== 'unauthenticated') throw error;
  throw new DomainError('invalid', 'ID_TOKEN_INVALID', 'The ID token of the other provider does not hold.', {
    cause: error.cause,
  });
}
