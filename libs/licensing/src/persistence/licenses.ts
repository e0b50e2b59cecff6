import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, notFound } from '#platform';
import { License } from '../domain/license.js';
import { type LicenseRow, licenseRow, type RawLicense, SELECT_LICENSE } from './license-row.js';

/** Any number, as long as no other lock uses it; the tenant is the second half. */
const TENANT_LOCK = 7_264_819;

@Injectable()
export class Licenses {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /** Writes a new licence and the locator of its key; false, and nothing, when another licence has that key. */
  async insert(license: License, keyHash: Buffer): Promise<boolean> {
    const placed = await this.db.query(
      `insert into licensing.license_keys (key_hash, tenant_id, license_id) values ($1, $2, $3)
       on conflict do nothing returning license_id`,
      [keyHash, license.tenantId, license.id],
    );
    if (placed.length === 0) return false;
    await this.add(license);
    return true;
  }

  /** Writes a new licence that the key of `from` leads to from now on. */
  async insertMoved(license: License, from: License, keyHash: Buffer): Promise<void> {
    await this.db.query(
      `update licensing.license_keys set tenant_id = $2, license_id = $3
       where key_hash = $1 and license_id = $4`,
      [keyHash, license.tenantId, license.id, from.id],
    );
    await this.add(license);
  }

  /** Every save with something to tell has a revision of its own, also when only rows beside the licence changed. */
  async save(license: License): Promise<void> {
    const { revision } = license;
    await this.db.manager.save(License, license);
    const told = license.takeEvents();
    if (told.length > 0 && license.revision === revision) {
      await this.db.query(
        'update licensing.licenses set revision = revision + 1 where tenant_id = $1 and id = $2',
        [license.tenantId, license.id],
      );
      license.revision += 1;
    }
    this.db.record(told);
  }

  /** A licence of the transaction's tenant, locked. Throws 404. */
  async lock(licenseId: string): Promise<License> {
    const license = await this.db.manager.findOne(License, {
      where: { tenantId: this.db.actor.tenantId ?? '', id: licenseId },
      lock: { mode: 'pessimistic_write' },
    });
    if (!license) throw notFound('license');
    return license;
  }

  /** Like {@link lock}, with its row as it is under the lock. */
  async lockWithRow(licenseId: string): Promise<{ license: License; row: LicenseRow }> {
    const license = await this.lock(licenseId);
    const [raw] = await this.db.query<RawLicense>(`${SELECT_LICENSE} where l.tenant_id = $1 and l.id = $2`, [
      license.tenantId,
      licenseId,
    ]);
    return { license, row: licenseRow(raw!, this.clock.now()) };
  }

  /**
   * Whether the transaction's tenant is suspended, by which of its revisions; null for a tenant without a licence,
   * whom nobody registered. Whoever adds a licence asks this first: until its transaction ends the status stands.
   */
  async lockTenant(): Promise<{ suspended: boolean; revision: number } | null> {
    const { tenantId } = this.db.actor;
    await this.db.query('select pg_advisory_xact_lock($1, hashtext($2))', [TENANT_LOCK, tenantId]);
    const [row] = await this.db.query<{ suspended: boolean; revision: number }>(
      `select tenant_suspended as suspended, tenant_revision as revision from licensing.licenses
       where tenant_id = $1 order by tenant_revision desc limit 1`,
      [tenantId],
    );
    return row ?? null;
  }

  /** Every licence of the transaction's tenant, locked; none is added meanwhile. */
  async lockAll(): Promise<License[]> {
    await this.lockTenant();
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.find(License, {
      where: { tenantId },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Throws 404 for what the actor's tenant does not own. */
  async get(actor: Actor, licenseId: string): Promise<LicenseRow> {
    const [row] = await this.select(actor, 'where l.tenant_id = $1 and l.id = $2', [licenseId]);
    if (!row) throw notFound('license');
    return row;
  }

  /** The actor's licences after `after`, by id. */
  async page(actor: Actor, after: string | null, limit: number): Promise<LicenseRow[]> {
    return this.select(actor, 'where l.tenant_id = $1 and l.id > $2 order by l.id limit $3', [
      after ?? '',
      limit,
    ]);
  }

  /** Of the actor's licences that have not ended, the one that is what the tenant buys, else the oldest; null without one. */
  async first(actor: Actor): Promise<LicenseRow | null> {
    const where = `where l.tenant_id = $1 and l.status not in ('revoked', 'transferred')
      order by l.follows_purchase desc, l.id limit 1`;
    return (await this.select(actor, where, []))[0] ?? null;
  }

  /** The ids of the actor's licences after `after`. */
  async ids(actor: Actor, after: string, limit: number): Promise<string[]> {
    const rows = await this.db.read<{ id: string }>(
      actor,
      'select id from licensing.licenses where tenant_id = $1 and id > $2 order by id limit $3',
      [actor.tenantId, after, limit],
    );
    return rows.map((row) => row.id);
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

  private async add(license: License): Promise<void> {
    await this.db.manager.insert(License, license);
    this.db.record(license.takeEvents());
  }

  private async select(actor: Actor, where: string, values: unknown[]): Promise<LicenseRow[]> {
    const rows = await this.db.read<RawLicense>(actor, `${SELECT_LICENSE} ${where}`, [
      actor.tenantId,
      ...values,
    ]);
    const now = this.clock.now();
    return rows.map((row) => licenseRow(row, now));
  }
}
