import type { MigrationInterface, QueryRunner } from 'typeorm';
import { systemTable } from '#platform';

/** What the product asks Stripe to do that belongs to no tenant: written down before it is asked, as those of tenants are. */
export class ProductWrites1764000000164 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Of what was asked only a digest: a page or a subscription that is ended here may have been a tenant's.
      create table billing.product_writes (
        -- What Stripe gets as the idempotency key.
        id text collate "C" primary key,
        verb text collate "C" not null,
        digest text collate "C" not null,
        begun_at timestamptz not null,
        -- How the last try failed.
        failure text,
        -- Null: nobody knows how it ended.
        outcome text check (outcome in ('done', 'refused', 'lost')),
        ended_at timestamptz,
        check ((outcome is null) = (ended_at is null))
      );
      create unique index product_writes_open on billing.product_writes (verb, digest) where ended_at is null;
      create index product_writes_old on billing.product_writes (coalesce(ended_at, begun_at));
      ${systemTable('billing.product_writes', 'select, insert, update, delete')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing.product_writes');
  }
}
