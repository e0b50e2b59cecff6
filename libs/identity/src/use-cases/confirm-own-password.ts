import { Injectable } from '@nestjs/common';
import { type Actor, Clock, STEP_UP_SECONDS, unauthenticated } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { reauthenticationRequired } from '../domain/step-up.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Addresses } from '../persistence/addresses.js';
import { Passwords } from '../persistence/passwords.js';
import { type UserRow, Users } from '../persistence/users.js';
import { RequireStepUp } from './require-step-up.js';
import { StartSession } from './start-session.js';

/** Shows once more that the caller is the person, before what a stolen access token must not do. */
@Injectable()
export class ConfirmOwnPassword {
  constructor(
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly hasher: PasswordHasher,
    private readonly startSession: StartSession,
    private readonly addresses: Addresses,
    private readonly addressHash: AddressHash,
    private readonly requireStepUp: RequireStepUp,
    private readonly clock: Clock,
  ) {}

  /**
   * By the password that comes with the call; without one the caller has to have shown who they are within ten minutes,
   * by signing in or at /auth/reauthenticate. Who has a second factor has to have shown that one, whatever password
   * comes. Throws 403 `REAUTHENTICATION_REQUIRED`, 429 `SIGN_IN_LOCKED`, 503 `BUSY`.
   */
  async execute(actor: Actor, password: string | undefined): Promise<UserRow> {
    const standing = await this.users.standing(actor);
    if (standing?.hasSecondFactor) await this.requireStepUp.execute(actor);
    return this.firstFactor(actor, password);
  }

  /** The same without the second factor: for whoever asks for that one themselves. */
  async firstFactor(actor: Actor, password: string | undefined): Promise<UserRow> {
    if (!password) actor.mustHaveAuthenticatedWithin(STEP_UP_SECONDS, this.clock.now());
    const user = await this.users.self(actor);
    if (!user) throw unauthenticated('no such person');
    if (password) await this.check(actor, user, password);
    return user;
  }

  /** Like {@link execute}, but who has a password gives it whatever else they have shown: it is to be replaced. */
  async present(actor: Actor, password: string | undefined): Promise<UserRow> {
    if (!password && (await this.passwords.find(actor)))
      throw reauthenticationRequired('Give your present password.');
    return this.execute(actor, password);
  }

  /** Wrong ones count like failed sign-ins. */
  private async check(actor: Actor, user: UserRow, password: string): Promise<void> {
    const addressHash = this.addressHash.of(user.email);
    const stored = await this.passwords.find(actor);
    const attempt = await this.startSession.begin(actor, {
      method: 'password',
      subject: addressHash,
      addressHash,
      whose: async () => user.id,
    });
    const { matches } = await attempt.made(this.hasher.check(user.id, stored, password));
    if (!matches || !stored) {
      await attempt.wrong('wrong_password', user.id);
      throw reauthenticationRequired('The present password is wrong.');
    }
    // Of whoever only claims the address it says nothing for the owner.
    const { owner } = await this.addresses.holders(actor, addressHash);
    await (owner === user.id ? attempt : attempt.byClaimant()).succeeded();
  }
}
