import { Injectable } from '@nestjs/common';
import { type Actor, DomainError } from '#platform';
import type { Tenant } from './domain/tenant.js';
import { Memberships, type Standing } from './persistence/memberships.js';
import { Tenants } from './persistence/tenants.js';

/**
 * What the caller may do by the role that they have now: their token says what they might an hour ago. The tenant is
 * locked, so neither their role nor anybody else's changes before the transaction ends.
 */
@Injectable()
export class Authority {
  constructor(
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
  ) {}

  /** Inside the transaction. Throws 403 `MISSING_SCOPE`, also for who is no member any more. */
  async must(actor: Actor, scope: string): Promise<{ tenant: Tenant; own: Standing }> {
    actor.must(scope);
    const tenant = await this.tenants.lock();
    const own = await this.memberships.standingOf(actor.id ?? '');
    if (own?.grants.includes(scope)) return { tenant, own };
    throw missing(scope);
  }

  /** The same outside of a transaction, for who only looks: nothing is locked. */
  async mustNow(actor: Actor, scope: string): Promise<void> {
    actor.must(scope);
    const own = await this.memberships.roleOf(actor);
    if (!own?.grants.includes(scope)) throw missing(scope);
  }
}

const missing = (scope: string) =>
  new DomainError('forbidden', 'MISSING_SCOPE', `This needs the scope ${scope}.`, { details: { scope } });
