import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Identities, type LinkedIdentity } from '../persistence/identities.js';
import { Passwords } from '../persistence/passwords.js';

/** The ways in which the caller signs in. */
@Injectable()
export class ListIdentities {
  constructor(
    private readonly identities: Identities,
    private readonly passwords: Passwords,
  ) {}

  /** All of them, the oldest first: there are twenty at most. */
  async execute(actor: Actor): Promise<{ identities: LinkedIdentity[]; passwordSet: boolean }> {
    const [identities, password] = await Promise.all([
      this.identities.list(actor),
      this.passwords.find(actor),
    ]);
    return { identities, passwordSet: password !== null };
  }
}
