import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Db } from '#platform';
import { AuthSession } from '../domain/auth-session.js';

/** A refresh token as it is stored. */
export interface StoredRefreshToken {
  hash: Buffer;
  rotatedAt: Date | null;
  successorUsedAt: Date | null;
}

@Injectable()
export class AuthSessions {
  constructor(private readonly db: Db) {}

  async insert(session: AuthSession): Promise<void> {
    await this.db.manager.insert(AuthSession, session);
    this.db.record(session.takeEvents());
  }

  async save(session: AuthSession): Promise<void> {
    await this.db.manager.save(AuthSession, session);
    this.db.record(session.takeEvents());
  }

  /** Every refresh and every end of a session passes through this lock. */
  async lock(id: string): Promise<AuthSession | null> {
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.findOne(AuthSession, {
      where: { tenantId, id },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** The sessions of a person in the transaction's tenant that have not ended, locked. */
  async lockAllOf(userId: string): Promise<AuthSession[]> {
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.find(AuthSession, {
      where: { tenantId, userId, endedAt: IsNull() },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async insertToken(sessionId: string, hash: Buffer, now: Date): Promise<void> {
    await this.db.query(
      `insert into identity.refresh_tokens (tenant_id, session_id, hash, created_at) values ($1, $2, $3, $4)
       on conflict do nothing`,
      [this.db.actor.tenantId, sessionId, hash, now],
    );
  }

  async token(sessionId: string, hash: Buffer): Promise<StoredRefreshToken | null> {
    const [row] = await this.db.query<StoredRefreshToken & Record<string, unknown>>(
      `select hash, rotated_at as "rotatedAt", successor_used_at as "successorUsedAt"
       from identity.refresh_tokens where tenant_id = $1 and session_id = $2 and hash = $3`,
      [this.db.actor.tenantId, sessionId, hash],
    );
    return row ?? null;
  }

  /** Marks a token rotated and its predecessor's successor used. Old tokens stay: they tell a thief from a stranger. */
  async rotate(sessionId: string, hash: Buffer, successor: Buffer, now: Date): Promise<void> {
    const tenantId = this.db.actor.tenantId;
    await this.db.query(
      `update identity.refresh_tokens set successor_used_at = $4
       where tenant_id = $1 and session_id = $2 and rotated_at is not null and successor_used_at is null and hash <> $3`,
      [tenantId, sessionId, hash, now],
    );
    await this.db.query(
      'update identity.refresh_tokens set rotated_at = $4 where tenant_id = $1 and session_id = $2 and hash = $3',
      [tenantId, sessionId, hash, now],
    );
    await this.insertToken(sessionId, successor, now);
  }
}
