import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { IDENTITY_ENTITIES } from '#identity';
import { LICENSING_ENTITIES } from '#licensing';
import { TENANCY_ENTITIES } from '#tenancy';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { entityDrift } from './entity-drift.js';

const ENTITIES = [...TENANCY_ENTITIES, ...LICENSING_ENTITIES, ...IDENTITY_ENTITIES];

/** tenancy.memberships as somebody might get it wrong, in every way at once. */
@Entity({ schema: 'tenancy', name: 'memberships' })
class WrongMembership {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @Column({ name: 'user_id', type: 'int' })
  userId!: number;

  @Column({ type: 'text', nullable: true, default: 'member' })
  role!: string;

  @Column({ name: 'invited_by', type: 'text' })
  invitedBy!: string;
}

@Entity({ schema: 'tenancy', name: 'no_such_table' })
class WithoutTable {
  @PrimaryColumn({ type: 'text' })
  id!: string;
}

describe('entities and tables', () => {
  let database: TestDatabase;

  beforeAll(async () => (database = await testDatabase()));
  afterAll(() => database.drop());

  async function drift(entities: (typeof ENTITIES)[number][] | unknown[]): Promise<string[]> {
    const source = new DataSource({
      type: 'postgres',
      driver: pg,
      url: database.migratorUrl,
      entities: entities as never,
      installExtensions: false,
    });
    await source.initialize();
    return entityDrift(source).finally(() => source.destroy());
  }

  it('say the same', async () => {
    expect(await drift(ENTITIES)).toEqual([]);
  });

  it('are all compared', () => {
    const files = readdirSync(join(process.cwd(), 'libs'), { recursive: true, encoding: 'utf8' });
    const declared = files
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .flatMap((file) => readFileSync(join(process.cwd(), 'libs', file), 'utf8').match(/^@Entity\(/gm) ?? []);
    expect(declared).toHaveLength(ENTITIES.length);
  });

  it('that differ are reported, each difference by itself', async () => {
    expect(await drift([WrongMembership, WithoutTable])).toEqual([
      'tenancy.memberships.created_at: WrongMembership has no such column.',
      'tenancy.memberships.user_id: it is text, the entity says integer.',
      'tenancy.memberships.role: it may not be null, the entity says otherwise.',
      'tenancy.memberships.role: its default is null, the entity says member.',
      'tenancy.memberships.invited_by: WrongMembership has it, the table has not.',
      'tenancy.memberships: the key is (tenant_id,id), WrongMembership says (id,tenant_id).',
      'WithoutTable: there is no table tenancy.no_such_table.',
    ]);
  });
});
