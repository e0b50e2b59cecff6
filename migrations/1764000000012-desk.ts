import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** Seats that were ended for good, by whom and why; devices that may be in use on one licence only. */
export class Desk1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table licensing.seat_ledger
        drop constraint seat_ledger_change_check,
        add constraint seat_ledger_change_check
          check (change in ('acquired', 'released', 'lapsed', 'refused', 'ended')),
        add column login_id text collate "C",
        add column cause jsonb;
      -- For what ends when a login or a binding does: the seats of a person, those of a device.
      create index seat_ledger_of_user on licensing.seat_ledger (tenant_id, user_id)
        where change = 'acquired' and user_id is not null;
      create index seat_ledger_of_device on licensing.seat_ledger (tenant_id, license_id, device)
        where change = 'acquired';

      -- Where a device is in use, of licences that do not share it with others. One without a seat and a binding gives way.
      create table licensing.device_claims (
        tenant_id text collate "C" not null,
        device text collate "C" not null,
        license_id text collate "C" not null,
        uniqueness text not null check (uniqueness in ('product', 'tenant')),
        product_id text collate "C",
        claimed_at timestamptz not null,
        primary key (tenant_id, device, license_id)
      );
      ${tenantTable('licensing.device_claims', { app: 'select, insert, update, delete', system: 'select' })}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table licensing.device_claims;
      drop index licensing.seat_ledger_of_user, licensing.seat_ledger_of_device;
      update licensing.seat_ledger set change = 'released' where change = 'ended';
      alter table licensing.seat_ledger
        drop column login_id, drop column cause,
        drop constraint seat_ledger_change_check,
        add constraint seat_ledger_change_check check (change in ('acquired', 'released', 'lapsed', 'refused'));
    `);
  }
}
