import { Injectable } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { In, IsNull, Not } from 'typeorm';
import { type Actor, Db, notFound } from '#platform';
import { ApiKey } from '../domain/api-key.js';
import type { PublicKey } from '../domain/public-key.js';
import { ServiceAccount } from '../domain/service-account.js';

export interface ServiceAccountRow {
  id: string;
  name: string;
  scopes: string[];
  jwks: PublicKey[];
  status: 'active' | 'disabled';
  createdBy: { type: string; id: string | null };
  createdAt: Date;
  lastUsedAt: Date | null;
}

interface ApiKeyRow {
  id: string;
  name: string;
  scopes: string[];
  hint: string;
  createdBy: { type: string; id: string | null };
  createdAt: Date;
  expiresAt: Date | null;
  replacedBy: string | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

@Injectable()
export class ServiceAccounts {
  constructor(private readonly db: Db) {}

  /** A new one, and how its tenant is found by its id. */
  async insert(account: ServiceAccount): Promise<void> {
    await this.db.manager.insert(ServiceAccount, account);
    await this.db.query(
      'insert into identity.service_account_tenants (service_account_id, tenant_id) values ($1, $2)',
      [account.id, account.tenantId],
    );
    this.db.record(account.takeEvents());
  }

  async save(account: ServiceAccount): Promise<void> {
    await this.db.manager.save(ServiceAccount, account);
    this.db.record(account.takeEvents());
  }

  /** Everything that changes an account or its keys passes through this lock. Throws 404; what was deleted is not there. */
  async lock(id: string): Promise<ServiceAccount> {
    const tenantId = this.db.actor.tenantId ?? '';
    const account = await this.db.manager.findOne(ServiceAccount, {
      where: { tenantId, id, status: Not('deleted') },
      lock: { mode: 'pessimistic_write' },
    });
    if (!account) throw notFound('service account');
    return account;
  }

  /** How many the transaction's tenant has. Whoever adds one waits here for others who do. */
  async countLocked(): Promise<number> {
    const tenantId = this.db.actor.tenantId ?? '';
    await this.db.query(`select pg_advisory_xact_lock(hashtextextended('service accounts ' || $1, 0))`, [
      tenantId,
    ]);
    return this.db.manager.count(ServiceAccount, { where: { tenantId, status: In(['active', 'disabled']) } });
  }

  /** Of the actor's tenant, the newest first, from behind `cursor` on. */
  async page(actor: Actor, cursor: string | null, limit: number): Promise<ServiceAccountRow[]> {
    return this.db.read<ServiceAccountRow & QueryResultRow>(
      actor,
      `${ACCOUNT} and ($2::text is null or id < $2) order by id desc limit $3`,
      [actor.tenantId, cursor, limit],
    );
  }

  /** Throws 404. */
  async get(actor: Actor, id: string): Promise<ServiceAccountRow> {
    const [row] = await this.db.read<ServiceAccountRow & QueryResultRow>(actor, `${ACCOUNT} and id = $2`, [
      actor.tenantId,
      id,
    ]);
    if (!row) throw notFound('service account');
    return row;
  }

  /** The keys of an account, the newest first, from behind `cursor` on. */
  async keys(actor: Actor, id: string, cursor: string | null, limit: number): Promise<ApiKeyRow[]> {
    return this.db.read<ApiKeyRow & QueryResultRow>(
      actor,
      `select id, name, scopes, hint, ${BY}, created_at as "createdAt", expires_at as "expiresAt",
         replaced_by as "replacedBy", revoked_at as "revokedAt", last_used_at as "lastUsedAt"
       from identity.service_account_tokens
       where tenant_id = $1 and service_account_id = $2 and ($3::text is null or id < $3) order by id desc limit $4`,
      [actor.tenantId, id, cursor, limit],
    );
  }

  async insertKey(key: ApiKey): Promise<void> {
    await this.db.manager.insert(ApiKey, key);
    this.db.record(key.takeEvents());
  }

  async saveKey(key: ApiKey): Promise<void> {
    await this.db.manager.save(ApiKey, key);
    this.db.record(key.takeEvents());
  }

  /** A key of an account that the caller has locked. Throws 404. */
  async key(serviceAccountId: string, id: string): Promise<ApiKey> {
    const tenantId = this.db.actor.tenantId ?? '';
    const key = await this.db.manager.findOne(ApiKey, { where: { tenantId, id, serviceAccountId } });
    if (!key) throw notFound('API key');
    return key;
  }

  /** The keys of a locked account that a person has made and nobody revoked. */
  async liveKeysMadeBy(serviceAccountId: string, userId: string): Promise<ApiKey[]> {
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.find(ApiKey, {
      where: {
        ...{ tenantId, serviceAccountId, createdByType: 'user', createdById: userId },
        revokedAt: IsNull(),
      },
      order: { id: 'asc' },
    });
  }

  /**
   * The service accounts of the transaction's tenant to which a person has given a credential that works still, an API key
   * or a public key, in the order in which they are locked.
   */
  async withCredentialsOf(userId: string): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      `select id from identity.service_accounts a
       where tenant_id = $1 and status <> 'deleted' and (jwks @> $3::jsonb or exists (
         select 1 from identity.service_account_tokens t
         where t.tenant_id = $1 and t.service_account_id = a.id
           and t.created_by_type = 'user' and t.created_by_id = $2 and t.revoked_at is null))
       order by id`,
      [this.db.actor.tenantId, userId, JSON.stringify([{ registeredBy: userId }])],
    );
    return rows.map((row) => row.id);
  }

  /** How many keys of a locked account can still be used at `now`. */
  async liveKeys(serviceAccountId: string, now: Date): Promise<number> {
    const [row] = await this.db.query<{ live: number }>(
      `select count(*)::int as live from identity.service_account_tokens
       where tenant_id = $1 and service_account_id = $2 and revoked_at is null
         and (expires_at is null or expires_at > $3)`,
      [this.db.actor.tenantId, serviceAccountId, now],
    );
    return row?.live ?? 0;
  }
}

const BY = `json_build_object('type', created_by_type, 'id', created_by_id) as "createdBy"`;
const ACCOUNT = `
  select id, name, scopes, jwks, status, ${BY}, created_at as "createdAt", last_used_at as "lastUsedAt"
  from identity.service_accounts where tenant_id = $1 and status <> 'deleted'`;
