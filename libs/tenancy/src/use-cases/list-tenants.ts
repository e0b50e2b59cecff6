import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Memberships } from '../persistence/memberships.js';

/** Where a person is a member: asked by identity when something concerns all of their sessions. */
@Injectable()
export class ListTenants {
  constructor(private readonly memberships: Memberships) {}

  /** The ids of the tenants of the actor's user, oldest first. */
  execute(actor: Actor): Promise<string[]> {
    return this.memberships.tenantIdsOf(actor);
  }
}
