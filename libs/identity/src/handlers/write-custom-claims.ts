import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { MembershipCreated, MembershipEnded, MembershipRoleChanged } from '#tenancy/events';
import { WriteClaims } from '../claims/write-claims.js';
import {
  ClaimsOutdated,
  EmailChanged,
  EmailVerified,
  IdentityLinked,
  SessionRefreshed,
  SessionStarted,
  UpstreamAccountReleased,
  UserReactivated,
  UserSuspended,
} from '../events/index.js';

/**
 * What concerns one person. A sign-in is among them: it is the time when an account may have changed hands at the
 * issuer. So is a refresh, each hour of whoever is there: it brings what no event tells (an override that ran out, a new
 * catalogue).
 */
const EVENTS = [
  SessionStarted,
  SessionRefreshed,
  MembershipCreated,
  MembershipRoleChanged,
  MembershipEnded,
  EmailVerified,
  EmailChanged,
  IdentityLinked,
  UserSuspended,
  UserReactivated,
  ClaimsOutdated,
  UpstreamAccountReleased,
];

/** Keeps tenant, tier, role and scopes in the upstream issuer's tokens (S1-03). */
@Injectable()
@Handles('identity.write-custom-claims', EVENTS, 'effect')
export class WriteCustomClaims implements EventHandler<(typeof EVENTS)[number]> {
  constructor(private readonly writeClaims: WriteClaims) {}

  async handle({ payload, traceId }: DeliveredEvent<(typeof EVENTS)[number]>): Promise<void> {
    const actor = Actor.system(null, traceId);
    if ('account' in payload) await this.writeClaims.ofAccount(actor, payload);
    else await this.writeClaims.ofPerson(actor.as({ type: 'user', id: payload.userId }));
  }
}
