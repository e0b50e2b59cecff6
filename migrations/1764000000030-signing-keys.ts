import type { MigrationInterface, QueryRunner } from 'typeorm';
import { internalTable } from '#platform';

/** Which keys sign access tokens, and which have signed those that still hold. Public halves only. */
export class SigningKeys1764000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identity.signing_keys (
        kid text collate "C" primary key,
        algorithm text not null check (algorithm in ('RS256', 'ES256', 'EdDSA')),
        store text not null check (store in ('setting', 'file', 'vault')),
        ref text,
        public_key bytea not null,
        state text not null check (state in ('retired', 'retiring', 'active', 'next')),
        created_at timestamptz not null,
        activated_at timestamptz,
        retiring_at timestamptz,
        retired_at timestamptz
      );
      create unique index signing_keys_one_each on identity.signing_keys (state) where state in ('next', 'active');
      ${internalTable('identity.signing_keys')}
      grant select, insert, update on identity.signing_keys to gatehouse_system;
      create policy gatehouse_system on identity.signing_keys to gatehouse_system using (true) with check (true);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table identity.signing_keys');
  }
}
