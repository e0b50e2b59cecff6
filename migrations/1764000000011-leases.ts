import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** Which devices hold a lease that outlives its seat. */
export class Leases1764000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table licensing.leased_devices (
        tenant_id text collate "C" not null,
        license_id text collate "C" not null,
        device text collate "C" not null,
        -- The same machine as seats name it; null: it was activated without a network.
        seat_device text collate "C",
        -- What leases call it, encrypted.
        lease_device bytea not null,
        since timestamptz not null,
        until timestamptz not null,
        primary key (tenant_id, license_id, device),
        foreign key (tenant_id, license_id) references licensing.licenses (tenant_id, id)
      );
      create index leased_devices_of_seat on licensing.leased_devices (tenant_id, license_id, seat_device);
      ${tenantTable('licensing.leased_devices', { app: 'select, insert, update, delete', system: 'select' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table licensing.leased_devices');
  }
}
