import { Injectable } from '@nestjs/common';
import { Clock, notFound, SystemDatabase } from '#platform';
import { parseLicenseKey } from '#sdk/formats';
import { keyHashOf } from '../domain/key-hash.js';
import { LicensingConfig } from '../licensing.config.js';
import { type LicenseRow, licenseRow, type RawLicense, SELECT_LICENSE } from './license-row.js';

export interface LicenseFilter {
  tenantId?: string;
  status?: string;
  tier?: string;
}

/** Licences of every tenant, for operators: read as the system role. */
@Injectable()
export class LicenseDirectory {
  constructor(
    private readonly database: SystemDatabase,
    private readonly config: LicensingConfig,
    private readonly clock: Clock,
  ) {}

  /** A licence by its id or its key. Throws 404. */
  async place(ref: string): Promise<{ tenantId: string; licenseId: string }> {
    const byKey = parseLicenseKey(ref) !== null;
    const [row] = await this.database.query<{ tenantId: string; licenseId: string }>(
      byKey
        ? 'select tenant_id as "tenantId", license_id as "licenseId" from licensing.license_keys where key_hash = $1'
        : 'select tenant_id as "tenantId", id as "licenseId" from licensing.licenses where id = $1',
      [byKey ? keyHashOf(this.config.lookupKey, ref) : ref],
    );
    if (!row) throw notFound('license');
    return row;
  }

  /** Throws 404. */
  async get(ref: string): Promise<LicenseRow> {
    const { tenantId, licenseId } = await this.place(ref);
    const [row] = await this.select('where l.tenant_id = $1 and l.id = $2', [tenantId, licenseId]);
    if (!row) throw notFound('license');
    return row;
  }

  /** Licences after `after`, by id. */
  page(
    { tenantId, status, tier }: LicenseFilter,
    after: string | null,
    limit: number,
  ): Promise<LicenseRow[]> {
    return this.select(
      `where l.id > $1 and ($2::text is null or l.tenant_id = $2) and ($3::text is null or l.status = $3)
         and ($4::text is null or l.tier = $4) order by l.id limit $5`,
      [after ?? '', tenantId ?? null, status ?? null, tier ?? null, limit],
    );
  }

  /** Those of `tenantIds` that are registered: each has had a licence since then. */
  async knownTenants(tenantIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(
      `select t.id from unnest($1::text[]) as t (id)
       where exists (select from licensing.licenses l where l.tenant_id = t.id)`,
      [tenantIds],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** Where these keys lead, by the hash in base64. */
  async placesOf(hashes: readonly Buffer[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ hash: Buffer; tenantId: string }>(
      'select key_hash as hash, tenant_id as "tenantId" from licensing.license_keys where key_hash = any ($1)',
      [hashes],
    );
    return new Map(rows.map((row) => [row.hash.toString('base64'), row.tenantId]));
  }

  private async select(where: string, values: unknown[]): Promise<LicenseRow[]> {
    const rows = await this.database.query<RawLicense>(`${SELECT_LICENSE} ${where}`, values);
    const now = this.clock.now();
    return rows.map((row) => licenseRow(row, now));
  }
}
