import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type BootstrapUrls, bootstrapDatabase, Migrator } from '#platform';
import { MIGRATIONS } from '../../migrations/index.js';
import { deployCatalogue } from '#licensing';
import { part } from './environment.js';
import { eventually } from './eventually.js';

/** A migrated database of the test's own. Call `drop` when every connection to it is closed, or shall be. */
export interface TestDatabase extends BootstrapUrls {
  /** Acts as the owner, who sees and changes every row. */
  ownerUrl: string;
  /** As `adminUrl`, in this database: no policy binds who comes by it. */
  superuserUrl: string;
  drop(): Promise<void>;
}

const ROOT = process.cwd();
/** What decides the template's content. */
const SOURCES = [
  'migrations',
  'plans.yaml',
  'libs/platform/src/db/tenant-table.ts',
  'libs/platform/src/db/bootstrap.ts',
];
/** One test process builds the template, the others wait. Any number, as long as nobody else uses it. */
const TEMPLATE_LOCK = 7_264_812;

/** Whoever is still connected after this long does not hang up by itself. */
const LEAVING_MS = 2_000;

/** Clones the migrated template, which the first caller of a run builds. Takes about 0.1 s, the first about 1 s. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `gatehouse_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await withAdmin(async (admin) => {
    const template = await ensureTemplate(admin);
    await admin.query(`create database ${name} template ${template} owner gatehouse_owner`);
    // Privileges of a database, unlike those inside it, are not cloned.
    await admin.query(`revoke all on database ${name} from public`);
    await admin.query(
      `grant connect on database ${name} to gatehouse_app, gatehouse_system, gatehouse_migrator`,
    );
  });
  return { ...urlsOf(name), drop: () => withAdmin((admin) => dropWhenLeft(admin, name)) };
}

/** An empty database with the roles made and nothing migrated, for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const name = `gatehouse_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await withAdmin((admin) => locked(admin, () => bootstrapDatabase(urlsOf(name))));
  return { ...urlsOf(name), drop: () => withAdmin((admin) => dropWhenLeft(admin, name)) };
}

async function ensureTemplate(admin: pg.Client): Promise<string> {
  const name = `gatehouse_template_${fingerprint()}`;
  if (await isFinished(admin, name)) return name;
  await locked(admin, async () => {
    if (await isFinished(admin, name)) return;
    // Half-built by a run that was killed.
    await dropDatabase(admin, name);
    await bootstrapDatabase(urlsOf(name));
    await new Migrator(urlsOf(name).migratorUrl, MIGRATIONS).up();
    await deployCatalogue(urlsOf(name).migratorUrl, join(ROOT, 'plans.yaml'));
    await admin.query(`alter database ${name} with is_template true allow_connections false`);
  });
  return name;
}

async function isFinished(admin: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await admin.query('select 1 from pg_database where datname = $1 and datistemplate', [
    name,
  ]);
  return rowCount === 1;
}

async function locked<T>(admin: pg.Client, work: () => Promise<T>): Promise<T> {
  await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    return await work();
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

/** Who has hung up is still there for a moment, and would hear that it was thrown out: nobody listens any more. */
async function dropWhenLeft(admin: pg.Client, name: string): Promise<void> {
  const others = 'select 1 from pg_stat_activity where datname = $1';
  await eventually(async () => (await admin.query(others, [name])).rowCount === 0, {
    ...{ withinMs: LEAVING_MS, everyMs: 20 },
  }).catch(() => undefined);
  await dropDatabase(admin, name);
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`drop database if exists ${name} with (force)`);
}

async function withAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: part('POSTGRES_ADMIN_URL') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function urlsOf(database: string): Omit<TestDatabase, 'drop'> {
  const adminUrl = part('POSTGRES_ADMIN_URL');
  const within = new URL(adminUrl);
  within.pathname = `/${database}`;
  const urlFor = (role: string) => {
    const url = new URL(within);
    url.username = role;
    url.password = passwordOf(adminUrl, role);
    return url.href;
  };
  return {
    adminUrl,
    url: urlFor('gatehouse_app'),
    systemUrl: urlFor('gatehouse_system'),
    migratorUrl: urlFor('gatehouse_migrator'),
    ownerUrl: `${urlFor('gatehouse_migrator')}?options=-c%20role%3Dgatehouse_owner`,
    superuserUrl: within.href,
  };
}

/** Roles belong to the cluster: every test process must come to the same password by itself. */
const passwordOf = (adminUrl: string, role: string) =>
  createHash('sha256').update(`${adminUrl} ${role}`).digest('hex').slice(0, 32);

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const isFile = /\.(ts|yaml)$/.test(source);
    for (const file of isFile ? [source] : readdirSync(join(ROOT, source)).sort()) {
      const path = isFile ? join(ROOT, file) : join(ROOT, source, file);
      hash.update(file).update(readFileSync(path));
    }
  }
  return hash.digest('hex').slice(0, 12);
}
