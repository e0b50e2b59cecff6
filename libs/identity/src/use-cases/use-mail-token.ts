import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, DomainError, NOBODYS_TENANT, sameBytes } from '#platform';
import { ListTenants } from '#tenancy';
import { AddressHash } from '../accounts/address.js';
import { type MailToken, parseMailToken } from '../accounts/mail-token.js';
import { type LiveToken, MailTokens } from '../persistence/mail-tokens.js';
import { type UserRow, Users } from '../persistence/users.js';

/** A token as its reader gives it back. */
export const MailTokenText = z.string().min(1).max(256).meta({ example: 'mlt_AZr6...' });

/** 422 `TOKEN_INVALID`: unknown, used, run out, or for something else; which, is not told. */
export const tokenInvalid = (): DomainError =>
  new DomainError('invalid', 'TOKEN_INVALID', 'This link or token is not good any more; ask for another.');

/** Whose token it is, and what it is for. */
export interface OpenedToken extends LiveToken {
  token: MailToken;
  /** The person, in their oldest tenant; in nobody's, where they are in none. */
  person: Actor;
  user: UserRow;
  /** Whether the mail went to the address that the person has now. */
  isPresentAddress: boolean;
}

/** Reads a token from a mail: who holds it acts for its person, as far as its purpose goes. */
@Injectable()
export class UseMailToken {
  constructor(
    private readonly mailTokens: MailTokens,
    private readonly users: Users,
    private readonly addressHash: AddressHash,
    private readonly listTenants: ListTenants,
  ) {}

  /** Does not use it up: that is `MailTokens.use`, in the transaction it is for. Throws 422 `TOKEN_INVALID`. */
  async open(actor: Actor, text: string): Promise<OpenedToken> {
    const token = parseMailToken(text);
    if (!token) throw tokenInvalid();
    const anywhere = actor.as({
      type: 'user',
      id: token.userId,
      tenantId: null,
      sessionId: null,
      scopes: [],
    });
    const live = await this.mailTokens.look(anywhere, token);
    if (!live) throw tokenInvalid();
    const [user, tenants] = await Promise.all([
      this.users.self(anywhere),
      this.listTenants.execute(anywhere),
    ]);
    const [tenantId = NOBODYS_TENANT] = tenants;
    if (!user) throw tokenInvalid();
    return {
      ...live,
      token,
      person: anywhere.as({ tenantId }),
      user,
      isPresentAddress: sameBytes(this.addressHash.of(user.email), live.addressHash),
    };
  }
}
