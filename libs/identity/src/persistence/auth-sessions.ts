import { Injectable } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { type Actor, Db, type PayloadOf } from '#platform';
import { AuthSession, type EndReason, SESSION_IDLE_MS, SESSION_LIFETIME_MS } from '../domain/auth-session.js';
import type { SessionsOutdated } from '../events/index.js';

/** A refresh token as it is stored. */
export interface StoredRefreshToken {
  hash: Buffer;
  /** The version of the pepper that it is hashed under. */
  pepper: number;
  rotatedAt: Date | null;
  successorUsedAt: Date | null;
}

export interface LiveSession {
  id: string;
  tenantId: string;
  provider: string;
  amr: string[];
  address: string | null;
  userAgent: string | null;
  deviceName: string | null;
  authTime: Date;
  beganAt: Date;
  lastUsedAt: Date;
}

@Injectable()
export class AuthSessions {
  constructor(private readonly db: Db) {}

  async insert(session: AuthSession): Promise<void> {
    const { tenantId, id, userId, provider, amr, authTime, reauthenticatedAt, lastUsedAt } = session;
    const { address, userAgent, deviceName, traceId, rootId, programRootId, forProgram } = session;
    await this.db.query(
      `insert into identity.auth_sessions
         (tenant_id, id, user_id, provider, amr, auth_time, reauthenticated_at, last_used_at, address, user_agent,
          device_name, trace_id, root_id, program_root_id, for_program)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        ...[tenantId, id, userId, provider, amr, authTime, reauthenticatedAt, lastUsedAt],
        ...[address, userAgent, deviceName, traceId, rootId, programRootId, forProgram],
      ],
    );
    this.db.record(session.takeEvents());
  }

  async save(session: AuthSession): Promise<void> {
    const { tenantId, id, amr, reauthenticatedAt, lastUsedAt, endedAt, endReason } = session;
    await this.db.query(
      `update identity.auth_sessions
       set amr = $3, reauthenticated_at = $4, last_used_at = $5, ended_at = $6, end_reason = $7
       where tenant_id = $1 and id = $2`,
      [tenantId, id, amr, reauthenticatedAt, lastUsedAt, endedAt, endReason],
    );
    this.db.record(session.takeEvents());
  }

  /**
   * Ends sessions of the transaction's tenant that it has locked, however many, in one statement. Gives those that had not
   * ended.
   */
  async endAll(locked: readonly AuthSession[], reason: EndReason, now: Date): Promise<AuthSession[]> {
    const ended = locked.filter((one) => one.end(reason, now));
    if (ended.length === 0) return ended;
    await this.db.query(
      `update identity.auth_sessions set ended_at = $3, end_reason = $4 where tenant_id = $1 and id = any ($2)`,
      [this.db.actor.tenantId, ended.map((one) => one.id), now, reason],
    );
    for (const one of ended) this.db.record(one.takeEvents());
    return ended;
  }

  /** Every refresh and every end of a session passes through this lock. */
  async lock(id: string): Promise<AuthSession | null> {
    const rows = await this.db.query(`${SELECT} where tenant_id = $1 and id = $2 for update`, [
      this.db.actor.tenantId,
      id,
    ]);
    return rows.map(asSession)[0] ?? null;
  }

  /** The sessions of a person in the transaction's tenant that have not ended, locked. */
  async lockAllOf(userId: string): Promise<AuthSession[]> {
    const rows = await this.db.query(
      `${SELECT} where tenant_id = $1 and user_id = $2 and ended_at is null order by id for update`,
      [this.db.actor.tenantId, userId],
    );
    return rows.map(asSession);
  }

  /**
   * The sessions of a person in the transaction's tenant that live at `now`, but for the newest so many, locked; what
   * somebody else is at is left for the next time.
   */
  async lockBeyond(userId: string, max: number, now: Date): Promise<AuthSession[]> {
    const rows = await this.db.query(
      `${SELECT} where tenant_id = $1 and ended_at is null and id in (
         select id from identity.auth_sessions
         where tenant_id = $1 and user_id = $2 and ended_at is null and auth_time > $3 and last_used_at > $4
         order by id desc offset $5)
       order by id for update skip locked`,
      [this.db.actor.tenantId, userId, ...liveSince(now), max],
    );
    return rows.map(asSession);
  }

  /**
   * Holds the transaction's person, under whom sessions begin, and says when: every session of theirs has begun before, or
   * begins after this transaction. By the one clock that all processes share.
   */
  async holdBegun(): Promise<string> {
    const [, [row]] = await Promise.all([
      this.db.query('select 1 from identity.users where id = $1 for update', [this.db.actor.id]),
      this.db.query<{ at: string }>(`select to_json(clock_timestamp()) #>> '{}' as at`),
    ]);
    return row?.at ?? '';
  }

  /**
   * Says of the transaction's person what {@link isOutdated} then knows: the last that was said. Those of before have ended
   * by then.
   */
  async noteOutdated({ until, except, provider }: PayloadOf<typeof SessionsOutdated>): Promise<void> {
    await this.db.query(
      `insert into identity.outdated_sessions (user_id, until, except_id, provider)
       select id, $2, $3, $4 from identity.users where id = $1
       on conflict (user_id) do update
         set until = excluded.until, except_id = excluded.except_id, provider = excluded.provider`,
      [this.db.actor.id, until, except, provider],
    );
  }

  /**
   * Says of the transaction's person that what comes of this session is to end, for as long as any of it could live.
   */
  async noteFamily(rootId: string, now: Date): Promise<void> {
    const { id } = this.db.actor;
    await this.db.query('delete from identity.ended_families where user_id = $1 and noted_at < $2', [
      id,
      new Date(now.getTime() - SESSION_LIFETIME_MS),
    ]);
    await this.db.query(
      `insert into identity.ended_families (user_id, root_id, noted_at)
       select id, $2, $3 from identity.users where id = $1
       on conflict (user_id, root_id) do update set noted_at = excluded.noted_at`,
      [id, rootId, now],
    );
  }

  /**
   * Whether one of the transaction's person, in its tenant, is to end though nobody may have come to it: no other derives
   * from it then. Asked while the person is held.
   */
  async isOutdated(id: string): Promise<boolean> {
    const rows = await this.db.query(
      `select 1 from identity.auth_sessions s where s.tenant_id = $1 and s.id = $2 and (
         exists (select 1 from identity.outdated_sessions o
           where o.user_id = s.user_id and (s.begun_at is null or s.begun_at <= o.until)
             and s.id is distinct from o.except_id and (o.provider is null or o.provider = s.provider))
         or exists (select 1 from identity.ended_families f
           where f.user_id = s.user_id and f.root_id in (s.id, s.root_id, s.program_root_id)))`,
      [this.db.actor.tenantId, id],
    );
    return rows.length > 0;
  }

  /**
   * Those that are outdated in the transaction's tenant, locked: also what has ended for this very reason since, which is
   * whoever else is at it.
   */
  async lockOutdated(outdated: PayloadOf<typeof SessionsOutdated>): Promise<AuthSession[]> {
    const { userId, until, reason, except, provider, root } = outdated;
    const rows = await this.db.query(
      `${SELECT} where tenant_id = $1 and user_id = $2
         and case when $7::text is null then begun_at is null or begun_at <= $3 else $7 in (id, root_id, program_root_id) end
         and (ended_at is null or (end_reason = $4 and ended_at >= $3))
         and id is distinct from $5 and ($6::text is null or provider = $6) order by id for update`,
      [this.db.actor.tenantId, userId, until, reason, except, provider, root],
    );
    return rows.map(asSession);
  }

  /** What one of the actor's own sessions was started with, over or not. */
  async startOf(
    actor: Actor,
    id: string,
  ): Promise<Pick<LiveSession, 'address' | 'userAgent' | 'beganAt'> | null> {
    const [row] = await this.db.read<Pick<LiveSession, 'address' | 'userAgent' | 'beganAt'> & QueryResultRow>(
      actor,
      `select address, user_agent as "userAgent", ${BEGAN} from identity.auth_sessions
       where tenant_id = $1 and id = $2 and user_id = $3`,
      [actor.tenantId, id, actor.id],
    );
    return row ?? null;
  }

  /** The actor's own that live at `now`, the newest first, from behind `cursor` on. */
  async liveOf(actor: Actor, now: Date, cursor: string | null, limit: number): Promise<LiveSession[]> {
    return this.db.read<LiveSession & QueryResultRow>(
      actor,
      `select id, tenant_id as "tenantId", provider, amr, address, user_agent as "userAgent",
         device_name as "deviceName", auth_time as "authTime", ${BEGAN}, last_used_at as "lastUsedAt"
       from identity.auth_sessions
       where tenant_id = $1 and user_id = $2 and ended_at is null and auth_time > $3 and last_used_at > $4
         and ($5::text is null or id < $5) order by id desc limit $6`,
      [actor.tenantId, actor.id, ...liveSince(now), cursor, limit],
    );
  }

  async insertToken(
    sessionId: string,
    token: { hash: Buffer; pepper: number; signingKid: string; createdAt: Date },
  ): Promise<void> {
    await this.db.query(
      `insert into identity.refresh_tokens (tenant_id, session_id, hash, pepper, signing_kid, created_at)
       values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
      [this.db.actor.tenantId, sessionId, token.hash, token.pepper, token.signingKid, token.createdAt],
    );
  }

  /** The token with one of these hashes: one for each pepper that may have been used. */
  async token(sessionId: string, hashes: Buffer[]): Promise<StoredRefreshToken | null> {
    const [row] = await this.db.query<StoredRefreshToken & Record<string, unknown>>(
      `select hash, pepper, rotated_at as "rotatedAt", successor_used_at as "successorUsedAt"
       from identity.refresh_tokens where tenant_id = $1 and session_id = $2 and hash = any ($3)`,
      [this.db.actor.tenantId, sessionId, hashes],
    );
    return row ?? null;
  }

  /** Marks a token rotated and its predecessor's successor used. Old tokens stay: they tell a thief from a stranger. */
  async rotated(sessionId: string, hash: Buffer, now: Date): Promise<void> {
    const values = [this.db.actor.tenantId, sessionId, hash, now];
    await Promise.all([
      this.db.query(
        `update identity.refresh_tokens set successor_used_at = $4
         where tenant_id = $1 and session_id = $2 and rotated_at is not null and successor_used_at is null and hash <> $3`,
        values,
      ),
      this.db.query(
        'update identity.refresh_tokens set rotated_at = $4 where tenant_id = $1 and session_id = $2 and hash = $3',
        values,
      ),
    ]);
  }
}

/** After when one has begun, and was last used, that lives at `now`. */
const liveSince = (now: Date) => [
  new Date(now.getTime() - SESSION_LIFETIME_MS),
  new Date(now.getTime() - SESSION_IDLE_MS),
];

/** Those that are older than the column came of a sign-in, and no other way. */
const BEGAN = `coalesce(begun_at, auth_time) as "beganAt"`;

const SELECT = `
  select tenant_id as "tenantId", id, user_id as "userId", provider, amr, auth_time as "authTime",
    reauthenticated_at as "reauthenticatedAt", last_used_at as "lastUsedAt", address, user_agent as "userAgent",
    device_name as "deviceName", root_id as "rootId", program_root_id as "programRootId", for_program as "forProgram",
    trace_id as "traceId", ended_at as "endedAt", end_reason as "endReason"
  from identity.auth_sessions`;

const asSession = (row: QueryResultRow) => Object.assign(new AuthSession(), row);
