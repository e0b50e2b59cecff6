import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { bootstrapDatabase, type BootstrapUrls } from '#platform';
import { type Postgres, startPostgres } from '../../apps/local/parts/postgres.js';

/** A server of its own, where no role is there yet. */
describe('bootstrap', () => {
  let postgres: Postgres;
  let boss: string;

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bootstrap-'));
    chmodSync(directory, 0o711);
    postgres = await startPostgres({ directory, durable: false });
    await asked(postgres.adminUrl, `create role boss login createrole createdb password 'boss'`);
    boss = urlOf('boss', 'boss', 'postgres');
  });
  afterAll(async () => {
    await postgres?.stop();
    postgres?.remove();
  });

  function urlOf(role: string, password: string, database: string): string {
    return `postgres://${role}:${password}@127.0.0.1:${postgres.port}/${database}`;
  }
  const urlsOf = (database: string, word = 'word', adminUrl = boss): BootstrapUrls => ({
    adminUrl,
    url: urlOf('gatehouse_app', `app-${word}`, database),
    systemUrl: urlOf('gatehouse_system', `system-${word}`, database),
    migratorUrl: urlOf('gatehouse_migrator', `migrator-${word}`, database),
  });

  async function asked(url: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('makes roles without powers and a closed database, with an admin who is no superuser; and again', async () => {
    await bootstrapDatabase(urlsOf('first'));
    await bootstrapDatabase(urlsOf('first'));
    const roles = await asked(
      boss,
      `select rolname, rolcanlogin as login from pg_roles
       where rolname like 'gatehouse%' and not (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls) order by 1`,
    );
    expect(roles).toEqual([
      { rolname: 'gatehouse_app', login: true },
      { rolname: 'gatehouse_migrator', login: true },
      { rolname: 'gatehouse_owner', login: false },
      { rolname: 'gatehouse_system', login: true },
    ]);
    for (const url of Object.values(urlsOf('first')))
      expect(await asked(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('lets nobody else into the database, and the app role make nothing in it', async () => {
    await bootstrapDatabase(urlsOf('closed'));
    await asked(postgres.adminUrl, `create role stranger login password 'stranger'`);
    await expect(asked(urlOf('stranger', 'stranger', 'closed'), 'select 1')).rejects.toThrow(
      'permission denied for database',
    );
    const { url, migratorUrl } = urlsOf('closed');
    for (const sql of ['create table public.t (id int)', 'create schema s', 'create temp table t (id int)']) {
      await expect(asked(url, sql)).rejects.toThrow('permission denied');
    }
    await expect(asked(url, 'set role gatehouse_owner')).rejects.toThrow('permission denied');
    await asked(migratorUrl, 'set role gatehouse_owner; create schema s; drop schema s');
  });

  it('sets the passwords to those of the URLs', async () => {
    await bootstrapDatabase(urlsOf('first', 'old'));
    await bootstrapDatabase(urlsOf('first', `ne'w`));
    expect(await asked(urlsOf('first', `ne'w`).url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await expect(asked(urlsOf('first', 'old').url, 'select 1')).rejects.toThrow(
      'password authentication failed',
    );
  });

  it('takes powers away that somebody gave', async () => {
    await asked(postgres.adminUrl, 'alter role gatehouse_app bypassrls createdb');
    await bootstrapDatabase(urlsOf('first', 'word', postgres.adminUrl));
    expect(
      await asked(
        boss,
        `select rolbypassrls or rolcreatedb as powerful from pg_roles where rolname = 'gatehouse_app'`,
      ),
    ).toEqual([{ powerful: false }]);
  });

  it('may run twice at the same time', async () => {
    await Promise.all([
      bootstrapDatabase(urlsOf('second')),
      bootstrapDatabase(urlsOf('third')),
      bootstrapDatabase(urlsOf('fourth')),
    ]);
    expect(await asked(urlsOf('fourth').url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses a URL for another role, or of another database', async () => {
    const urls = urlsOf('first');
    await expect(bootstrapDatabase({ ...urls, url: urls.systemUrl })).rejects.toThrow(
      'The URL for gatehouse_app names another role.',
    );
    await expect(bootstrapDatabase({ ...urls, systemUrl: urlsOf('other').systemUrl })).rejects.toThrow(
      'The URL for gatehouse_system names another database than first.',
    );
  });
});
