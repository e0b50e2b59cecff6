import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What Stripe told us, as it told it. */
export class Billing1764000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema billing;
      grant usage on schema billing to gatehouse_app, gatehouse_system;

      create table billing.stripe_events (
        id text collate "C" primary key,
        type text not null,
        api_version text,
        livemode boolean not null,
        created_at timestamptz not null,
        received_at timestamptz not null default now(),
        trace_id text not null,
        -- Text, not jsonb: the bytes that were signed.
        payload text not null
      );
      create index stripe_events_by_arrival on billing.stripe_events (received_at);

      -- Belongs to no tenant yet: the app role may only put events in, the system role may read them.
      alter table billing.stripe_events enable row level security;
      alter table billing.stripe_events force row level security;
      create policy gatehouse_owner on billing.stripe_events to gatehouse_owner using (true) with check (true);
      create policy intake on billing.stripe_events for insert to gatehouse_app with check (true);
      create policy gatehouse_system on billing.stripe_events to gatehouse_system using (true) with check (true);
      grant insert on billing.stripe_events to gatehouse_app;
      grant select on billing.stripe_events to gatehouse_system;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema billing cascade');
  }
}
