import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { LeaseMode } from '#sdk/formats';
import type { Override } from '../domain/terms.js';

/** What holds for every licence of a tenant. */
export interface TenantTermsRow {
  /** What operators changed. */
  overrides: Override[];
  /** What the tenant chose; null: what it was given. */
  heartbeatMode: LeaseMode | null;
  timeZone: string;
}

const UNCHANGED: TenantTermsRow = { overrides: [], heartbeatMode: null, timeZone: 'UTC' };

const SELECT = `
  select overrides, heartbeat_mode as "heartbeatMode", time_zone as "timeZone"
  from licensing.tenant_terms where tenant_id = $1`;

@Injectable()
export class TenantTerms {
  constructor(private readonly db: Db) {}

  async get(actor: Actor): Promise<TenantTermsRow> {
    return (await this.db.read<TenantTermsRow>(actor, SELECT, [actor.tenantId]))[0] ?? UNCHANGED;
  }

  /** Those of the transaction's tenant, locked. */
  async lock(): Promise<TenantTermsRow> {
    const { tenantId } = this.db.actor;
    await this.db.query(
      'insert into licensing.tenant_terms (tenant_id, revision) values ($1, 0) on conflict do nothing',
      [tenantId],
    );
    const [row] = await this.db.query<TenantTermsRow>(`${SELECT} for update`, [tenantId]);
    return row!;
  }

  /** Writes them with a new revision: policies that were read before are older. */
  async save({ overrides, heartbeatMode, timeZone }: TenantTermsRow): Promise<void> {
    await this.db.query(
      `update licensing.tenant_terms
       set overrides = $2, heartbeat_mode = $3, time_zone = $4, revision = revision + 1 where tenant_id = $1`,
      [this.db.actor.tenantId, JSON.stringify(overrides), heartbeatMode, timeZone],
    );
  }
}
