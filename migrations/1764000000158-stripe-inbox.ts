import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose turn an event of Stripe is, how often it was really tried, and whom it names. */
export class StripeInbox1764000000158 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing.stripe_events
        -- Attempts that do not count: Stripe was away, or they were before a replay. Attempts themselves only grow, so that
        -- who holds an older one is known to have lost the event.
        add column excused int not null default 0,
        -- What is applied again lets what comes new pass.
        add column replayed boolean not null default false,
        -- The customer that the event names itself, or that Stripe has told.
        add column customer_id text collate "C";
      grant delete on billing.stripe_events to gatehouse_system;
      grant delete on billing.stripe_writes to gatehouse_system;
      grant select, delete on billing.effects to gatehouse_system;
      create policy gatehouse_system on billing.effects to gatehouse_system using (true) with check (true);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop policy gatehouse_system on billing.effects;
      revoke select, delete on billing.effects from gatehouse_system;
      revoke delete on billing.stripe_writes from gatehouse_system;
      revoke delete on billing.stripe_events from gatehouse_system;
      alter table billing.stripe_events drop customer_id, drop replayed, drop excused;
    `);
  }
}
