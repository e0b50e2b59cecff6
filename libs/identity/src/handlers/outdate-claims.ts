import { Injectable } from '@nestjs/common';
import { Actor, Clock, Db, type DeliveredEvent, type EventHandler, Handles, occurred } from '#platform';
import { LicenseChanged, LicenseIssued, TenantTermsChanged } from '#licensing/events';
import { ListMembers } from '#tenancy';
import { RoleScopesChanged, TenantDeleted, TenantReactivated, TenantSuspended } from '#tenancy/events';
import { ClaimsOutdated } from '../events/index.js';
import { Identities } from '../persistence/identities.js';
import { UpstreamAccounts } from '../upstream/upstream-accounts.js';

/** Plan, seats, licence and state of an organisation, and what a role of its own stands for. */
const EVENTS = [
  LicenseIssued,
  LicenseChanged,
  TenantTermsChanged,
  TenantSuspended,
  TenantReactivated,
  TenantDeleted,
  RoleScopesChanged,
];

/** What changes for an organisation changes for its people: each is told of, so that each is tried again alone. */
@Injectable()
@Handles('identity.outdate-claims', EVENTS)
export class OutdateClaims implements EventHandler<(typeof EVENTS)[number]> {
  constructor(
    private readonly db: Db,
    private readonly accounts: UpstreamAccounts,
    private readonly listMembers: ListMembers,
    private readonly identities: Identities,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<(typeof EVENTS)[number]>): Promise<void> {
    const { issuer } = this.accounts;
    // Whoever signs up signs in with it, and that is told.
    const isOfSignUp = 'issuedToUserId' in event.payload && event.payload.issuedToUserId !== null;
    if (!issuer || isOfSignUp) return;
    const actor = Actor.system(event.tenantId, event.traceId);
    const members = await this.listMembers.execute(actor);
    const now = this.clock.now();
    const concerned = await this.identities.withAccountAt(actor, issuer, members);
    this.db.record(concerned.map((userId) => occurred(ClaimsOutdated, { userId }, now)));
  }
}
