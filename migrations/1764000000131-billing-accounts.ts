import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '#platform';

/** What a tenant has bought, as Stripe tells it, and how far its events have been applied. */
export class BillingAccounts1764000000131 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing.accounts (
        tenant_id text collate "C" not null,
        customer_id text collate "C",
        -- Of the look at Stripe that was written last: an older look never replaces a newer one.
        ticket bigint not null default 0,
        -- What that look saw, and what it comes to.
        facts jsonb,
        standing jsonb,
        trial_used_at timestamptz,
        revision int not null default 0,
        changed_at timestamptz,
        looked_at timestamptz,
        -- When to look again; null: not by itself.
        due_at timestamptz,
        due_attempts int not null default 0,
        created_at timestamptz not null,
        primary key (tenant_id)
      );
      create index accounts_due on billing.accounts (due_at) where due_at is not null;
      ${tenantTable('billing.accounts', { app: 'select, insert, update', system: 'select, update' })}

      -- The open page where a tenant pays: one at a time, so that nobody subscribes twice.
      create table billing.checkouts (
        tenant_id text collate "C" not null,
        digest text collate "C" not null,
        params jsonb not null,
        session_id text,
        url text,
        expires_at timestamptz not null,
        primary key (tenant_id)
      );
      ${tenantTable('billing.checkouts', { app: 'select, insert, update, delete' })}

      -- What follows from a change outside of Postgres happens once, however often the change is computed.
      create table billing.effects (
        tenant_id text collate "C" not null,
        effect_key text collate "C" not null,
        at timestamptz not null,
        primary key (tenant_id, effect_key)
      );
      ${tenantTable('billing.effects', { app: 'select, insert' })}

      create sequence billing.tickets;
      grant usage on sequence billing.tickets to gatehouse_system;

      alter table billing.stripe_events
        add column status text not null default 'received'
          check (status in ('received', 'applied', 'ignored', 'dead')),
        add column tenant_id text collate "C",
        add column attempts int not null default 0,
        add column next_at timestamptz not null default now(),
        add column failure text,
        add column settled_at timestamptz;
      create index stripe_events_waiting on billing.stripe_events (next_at) where status = 'received';
      create index stripe_events_of_tenant on billing.stripe_events (tenant_id, received_at) where tenant_id is not null;
      grant update on billing.stripe_events to gatehouse_system;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      revoke update on billing.stripe_events from gatehouse_system;
      alter table billing.stripe_events drop settled_at, drop failure, drop next_at, drop attempts,
        drop tenant_id, drop status;
      drop sequence billing.tickets;
      drop table billing.effects; drop table billing.checkouts; drop table billing.accounts;
    `);
  }
}
