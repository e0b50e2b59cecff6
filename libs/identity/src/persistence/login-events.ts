import { Injectable } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { type Actor, Clock, Db, newId, SystemDatabase } from '#platform';
import type { DeviceOrigin } from '../sessions/device.js';

export type LoginOutcome =
  | 'signed_in'
  | 'signed_up'
  | 'wrong_password'
  | 'unknown_address'
  | 'wrong_code'
  /**
   * An issuer's token that does not hold, an identity without an account, a token between the factors that is unknown or
   * used up; or everything was right, and the password was changed meanwhile, or its person is in no tenant.
   */
  | 'refused'
  | 'locked'
  | 'suspended'
  /** The first factor was right, and the second is owed. */
  | 'second_factor'
  /** The first factor was right, and the tenant asks for a second that is not there. */
  | 'enrollment'
  /** An old refresh token was used again: whoever has it is not who was signed in. */
  | 'refresh_reuse'
  /** Somebody who is signed in has shown once more who they are. */
  | 'reauthenticated';

export interface LoginEvent {
  userId?: string;
  /** Keyed; for attempts by address, whether it has an account or not. */
  addressHash?: Buffer;
  /** `password`, or the provider's name. */
  method: string;
  outcome: LoginOutcome;
  sessionId?: string;
}

/** Every attempt to sign in (S2-25, S2-64): for the person whose account it is, and for operators. */
@Injectable()
export class LoginEvents {
  constructor(
    private readonly db: Db,
    private readonly database: SystemDatabase,
    private readonly clock: Clock,
  ) {}

  /** Joins a transaction around it: a session and its entry are there together. */
  async record(actor: Actor, event: LoginEvent): Promise<void> {
    await this.db.transaction(actor, () =>
      this.db.query(
        `insert into identity.user_login_events
           (id, occurred_at, user_id, tenant_id, address_hash, method, outcome, address, trace_id, session_id, user_agent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [
          newId('lev'),
          this.clock.now(),
          event.userId ?? null,
          actor.tenantId,
          event.addressHash ?? null,
          event.method,
          event.outcome,
          actor.origin.address,
          actor.origin.traceId,
          event.sessionId ?? actor.sessionId,
          (actor.origin as Partial<DeviceOrigin>).userAgent ?? null,
        ],
      ),
    );
  }

  /** Those on the actor's own account, the newest first, from behind `cursor` on. */
  async ofSelf(actor: Actor, cursor: string | null, limit: number): Promise<RecordedLogin[]> {
    return this.db.read<RecordedLogin & QueryResultRow>(actor, `${LIST} limit $3`, [actor.id, cursor, limit]);
  }

  /** The same for an operator, who is bound by no policy. */
  async of(userId: string, limit: number): Promise<RecordedLogin[]> {
    return this.database.query<RecordedLogin & QueryResultRow>(`${LIST} limit $3`, [userId, null, limit]);
  }
}

/** Behind a cursor: by time first, which is what partitions go by. */
const LIST = `
  select id, occurred_at as "occurredAt", tenant_id as "tenantId", method, outcome, address,
    user_agent as "userAgent", session_id as "sessionId"
  from identity.user_login_events
  where user_id = $1 and ($2::text is null or (occurred_at, id) < (
    select occurred_at, id from identity.user_login_events where user_id = $1 and id = $2))
  order by occurred_at desc, id desc`;

/** An attempt as it is told. */
export interface RecordedLogin {
  id: string;
  occurredAt: Date;
  tenantId: string | null;
  method: string;
  outcome: string;
  address: string | null;
  userAgent: string | null;
  sessionId: string | null;
}
