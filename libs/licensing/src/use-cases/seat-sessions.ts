import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, GuessLimit, unauthenticated } from '#platform';
import { LicensingConfig } from '../licensing.config.js';
import { type SeatGrant, SessionIds } from '../seats/session-id.js';
import { seatGone } from './seat-answers.js';

/** Turns grants into session ids and back. */
@Injectable()
export class SeatSessions {
  private readonly ids: SessionIds;

  constructor(
    config: LicensingConfig,
    private readonly guesses: GuessLimit,
  ) {
    this.ids = new SessionIds(config.seatKeys);
  }

  issue(grant: SeatGrant): string {
    return this.ids.issue(grant);
  }

  /** The grant of a session id. Throws 401 when forged, 410 when its key is compromised, 403 for another tenant's bearer. */
  async read(actor: Actor, sessionId: string): Promise<SeatGrant> {
    const grant = this.ids.read(sessionId);
    if (grant === null) {
      await this.guesses.miss(actor.origin.address, 'session_id');
      throw unauthenticated('forged session_id');
    }
    if (grant === 'compromised') throw seatGone();
    if (actor.tenantId && actor.tenantId !== grant.tenantId) {
      throw new DomainError(
        'forbidden',
        'TENANT_MISMATCH',
        'The bearer belongs to another tenant than the seat.',
      );
    }
    return grant;
  }
}
