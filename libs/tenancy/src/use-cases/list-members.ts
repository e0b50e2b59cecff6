import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Memberships } from '../persistence/memberships.js';

/** Who is in a tenant: asked by identity when something concerns the tokens of all of them. */
@Injectable()
export class ListMembers {
  constructor(private readonly memberships: Memberships) {}

  /** The ids of the people in the actor's tenant. */
  execute(actor: Actor): Promise<string[]> {
    return this.memberships.userIdsOf(actor);
  }

  /** Those of them who have a role. */
  withRole(actor: Actor, role: string): Promise<string[]> {
    return this.memberships.userIdsIn(actor, role);
  }
}
