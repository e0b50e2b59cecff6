import { Injectable } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { type Actor, Db } from '#platform';
import type { PublicKey } from '../domain/public-key.js';

/** An account as whoever authenticates it needs it. */
export interface AccountRow {
  tenantId: string;
  id: string;
  name: string;
  scopes: string[];
  jwks: PublicKey[];
  status: 'active' | 'disabled' | 'deleted';
  epoch: number;
}

/** A key and its account. */
export interface KeyRow {
  keyId: string;
  keyScopes: string[];
  hash: Buffer;
  pepper: number;
  expiresAt: Date | null;
  revokedAt: Date | null;
  account: AccountRow;
}

/** What callers show: looked up before anybody knows who they are. */
@Injectable()
export class ServiceCredentials {
  constructor(private readonly db: Db) {}

  /** By the tenant and the id that the key itself names; null when there is none. */
  async key(actor: Actor, tenantId: string, keyId: string): Promise<KeyRow | null> {
    const [row] = await this.db.read<KeyRow & QueryResultRow>(
      actor.as({ tenantId }),
      `select k.id as "keyId", k.scopes as "keyScopes", k.hash, k.pepper, k.expires_at as "expiresAt",
         k.revoked_at as "revokedAt", ${ACCOUNT} as account
       from identity.service_account_tokens k
       join identity.service_accounts a on a.tenant_id = k.tenant_id and a.id = k.service_account_id
       where k.tenant_id = $1 and k.id = $2`,
      [tenantId, keyId],
    );
    return row ?? null;
  }

  /** By its id alone; null when there is none. */
  async account(actor: Actor, id: string): Promise<AccountRow | null> {
    const [place] = await this.db.read<{ tenant_id: string }>(
      actor,
      'select tenant_id from identity.service_account_tenants where service_account_id = $1',
      [id],
    );
    if (!place) return null;
    const [row] = await this.db.read<{ account: AccountRow }>(
      actor.as({ tenantId: place.tenant_id }),
      `select ${ACCOUNT} as account from identity.service_accounts a where a.tenant_id = $1 and a.id = $2`,
      [place.tenant_id, id],
    );
    return row?.account ?? null;
  }
}

const ACCOUNT = `json_build_object('tenantId', a.tenant_id, 'id', a.id, 'name', a.name, 'scopes', a.scopes,
  'jwks', a.jwks, 'status', a.status, 'epoch', a.epoch)`;
