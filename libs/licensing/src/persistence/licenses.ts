import { Injectable } from '@nestjs/common';
import { type Actor, Db, notFound } from '#platform';
import { License, type LicenseStatus } from '../domain/license.js';
import type { PoolPolicy } from '../seats/pool-policy.js';

/** A licence as it is read; the key only masked. */
export interface LicenseRow {
  id: string;
  tier: PoolPolicy['tier'];
  status: LicenseStatus;
  maxSeats: number | null;
  entitlements: string[];
  keyActivation: boolean;
  keyMasked: string;
  tenantSuspended: boolean;
  expiresAt: Date | null;
  createdAt: Date;
  revision: number;
}

const ROW = `id, tier, status, max_seats as "maxSeats", entitlements, key_activation as "keyActivation",
  key_masked as "keyMasked", tenant_suspended as "tenantSuspended", expires_at as "expiresAt",
  created_at as "createdAt", revision`;

@Injectable()
export class Licenses {
  constructor(private readonly db: Db) {}

  /** Writes a new licence and the locator of its key. */
  async insert(license: License, keyHash: Buffer): Promise<void> {
    await this.db.manager.insert(License, license);
    await this.db.query(
      'insert into licensing.license_keys (key_hash, tenant_id, license_id) values ($1, $2, $3)',
      [keyHash, license.tenantId, license.id],
    );
    this.db.record(license.takeEvents());
  }

  async save(license: License): Promise<void> {
    await this.db.manager.save(License, license);
    this.db.record(license.takeEvents());
  }

  /** Every licence of the transaction's tenant, locked. */
  async lockAll(): Promise<License[]> {
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.find(License, {
      where: { tenantId },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Throws 404 for what the actor's tenant does not own. */
  async get(actor: Actor, licenseId: string): Promise<LicenseRow> {
    const [row] = await this.db.read<LicenseRow>(
      actor,
      `select ${ROW} from licensing.licenses where tenant_id = $1 and id = $2`,
      [actor.tenantId, licenseId],
    );
    if (!row) throw notFound('license');
    return row;
  }

  /** The actor's licences after `after`, by id. */
  async page(actor: Actor, after: string | null, limit: number): Promise<LicenseRow[]> {
    return this.db.read<LicenseRow>(
      actor,
      `select ${ROW} from licensing.licenses where tenant_id = $1 and id > $2 order by id limit $3`,
      [actor.tenantId, after ?? '', limit],
    );
  }

  async sealedKey(actor: Actor, licenseId: string): Promise<Buffer> {
    const [row] = await this.db.read<{ key_sealed: Buffer }>(
      actor,
      'select key_sealed from licensing.licenses where tenant_id = $1 and id = $2',
      [actor.tenantId, licenseId],
    );
    if (!row) throw notFound('license');
    return row.key_sealed;
  }

  /** Where a key belongs; read before any tenant is known. */
  async locate(actor: Actor, keyHash: Buffer): Promise<{ tenantId: string; licenseId: string } | null> {
    const [row] = await this.db.read<{ tenantId: string; licenseId: string }>(
      actor,
      'select tenant_id as "tenantId", license_id as "licenseId" from licensing.license_keys where key_hash = $1',
      [keyHash],
    );
    return row ?? null;
  }
}

/** What the seat scripts need of a licence. */
export function poolPolicyOf(tenantId: string, row: LicenseRow): PoolPolicy {
  const blocked =
    row.status === 'revoked'
      ? 'REVOKED'
      : row.status === 'suspended' || row.tenantSuspended
        ? 'SUSPENDED'
        : null;
  return {
    tenantId,
    licenseId: row.id,
    tier: row.tier,
    entitlements: row.entitlements,
    maxSeats: row.maxSeats,
    keyActivation: row.keyActivation,
    blocked,
    expiresAt: row.expiresAt,
    revision: row.revision,
  };
}
