import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The licences that follow what tenants have bought, of those from before there was a word for it. */
export class FollowedPurchases1764000000171 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Every tenant has begun with one; where another has followed a purchase already, it goes on.
      update licensing.licenses set follows_purchase = true where (tenant_id, id) in (
        select distinct on (tenant_id) tenant_id, id from licensing.licenses l
        where not exists (select from licensing.licenses f where f.tenant_id = l.tenant_id and f.follows_purchase)
        order by tenant_id, purchase is null, id)
    `);
  }

  async down(): Promise<void> {
    // They follow as they did before there was a word for it.
  }
}
