import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the stream of billing keeps of before is told in words that it has no more. It is forgotten, with all before it: who
 * comes back behind something forgotten is told how things stand.
 */
export class StreamWords1764000000170 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from billing.stream_events e using (
        select tenant_id, max(position) as position from billing.stream_events
        where (kind = 'subscription.changed' and not data ? 'period_ends_at') or (kind = 'notice.raised' and not data ? 'access')
        group by tenant_id) old
      where e.tenant_id = old.tenant_id and e.position <= old.position
    `);
  }

  async down(): Promise<void> {
    // What is forgotten would have been so after days.
  }
}
