import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, idOf, notFound, occurred } from '#platform';
import { PasswordText } from '../accounts/address.js';
import { IdentityUnlinked, UpstreamAccountReleased } from '../events/index.js';
import { Identities, type LinkedIdentity } from '../persistence/identities.js';
import { Passwords } from '../persistence/passwords.js';
import { Users } from '../persistence/users.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';
import { EndPersonSessions } from './end-person-sessions.js';

export const IdentityParams = z.strictObject({ identityId: idOf('idn') });
export const UnlinkIdentityInput = z.strictObject({ password: PasswordText.optional() });

/** Takes one of the ways to sign in away, never the last. */
@Injectable()
export class UnlinkIdentity {
  constructor(
    private readonly db: Db,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly identities: Identities,
    private readonly passwords: Passwords,
    private readonly users: Users,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly clock: Clock,
  ) {}

  /**
   * Other sessions that were begun with that provider end; gives how many. Throws 403 `REAUTHENTICATION_REQUIRED`, 404,
   * 409 `LAST_SIGN_IN_METHOD`, 429, 503.
   */
  async execute(
    actor: Actor,
    identityId: string,
    input: z.output<typeof UnlinkIdentityInput>,
  ): Promise<{ status: 'unlinked'; revoked: number }> {
    if (!(await this.identities.list(actor)).some((one) => one.id === identityId)) throw notFound('identity');
    await this.confirmOwnPassword.execute(actor, input.password);
    const hasPassword = (await this.passwords.find(actor)) !== null;
    const outdated = await this.db.transaction(actor, async () => {
      const { provider } = await this.unlink(identityId, hasPassword);
      return this.endPersonSessions.begin('identity_unlinked', { provider, except: actor.sessionId });
    });
    return { status: 'unlinked', revoked: await this.endPersonSessions.finish(actor, outdated) };
  }

  private async unlink(identityId: string, hasPassword: boolean): Promise<LinkedIdentity> {
    // Two that are removed at once would each take the other for the one that is left.
    await this.users.lock();
    const own = await this.identities.own();
    const identity = own.find((one) => one.id === identityId);
    if (!identity) throw notFound('identity');
    if (own.length === 1 && !hasPassword)
      throw new DomainError(
        'conflict',
        'LAST_SIGN_IN_METHOD',
        'This is the only way to sign in: link another or set a password first.',
      );
    const now = this.clock.now();
    const { provider } = identity;
    const released = await this.identities.unlink(identity);
    this.db.record([
      occurred(IdentityUnlinked, { userId: this.db.actor.id ?? '', identityId, provider }, now),
      ...released.map(({ issuer, account }) => occurred(UpstreamAccountReleased, { issuer, account }, now)),
    ]);
    return identity;
  }
}
