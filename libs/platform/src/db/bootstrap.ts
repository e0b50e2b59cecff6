import pg from 'pg';

/** The four login and owner roles; migrations never make them, because roles belong to the whole cluster. */
const ROLES = {
  owner: 'gatehouse_owner',
  migrator: 'gatehouse_migrator',
  app: 'gatehouse_app',
  system: 'gatehouse_system',
} as const;

/** Roles are the whole cluster's: of bootstraps that come by one admin database, one runs at a time. */
const LOCK_KEY = 7_462_017;
/** Those that come by different ones find a role being altered; each try is another one that has ended. */
const TRIES = 5;

export interface BootstrapUrls {
  /** A role that may create roles and databases. */
  adminUrl: string;
  /** As the processes will use them: database name and passwords are taken from here. */
  url: string;
  systemUrl: string;
  migratorUrl: string;
}

/**
 * Makes the roles and the database, and sets the passwords to those in the URLs. Repeatable.
 *
 * @throws Error when a URL names another role than the one it is for, or another database.
 */
export async function bootstrapDatabase(urls: BootstrapUrls): Promise<void> {
  const database = databaseOf(urls.url);
  const logins = [
    [ROLES.app, urls.url],
    [ROLES.system, urls.systemUrl],
    [ROLES.migrator, urls.migratorUrl],
  ] as const;

  const admin = new pg.Client({ connectionString: urls.adminUrl });
  await admin.connect();
  try {
    // Let go with the connection.
    await admin.query('select pg_advisory_lock($1)', [LOCK_KEY]);
    await ensureRole(admin, ROLES.owner, 'nologin');
    for (const [role, url] of logins) await ensureLogin(admin, role, url, database);
    await admin.query(`grant ${ROLES.owner} to ${ROLES.migrator}`);
    // Not a superuser's privilege by itself since PostgreSQL 16: whoever hands a database over must belong to its owner.
    await admin.query(`grant ${ROLES.owner} to current_user`);
    await ensureDatabase(admin, database);
  } finally {
    await admin.end();
  }
  await closeDatabase(urls.adminUrl, database);
}

async function ensureLogin(admin: pg.Client, role: string, url: string, database: string): Promise<void> {
  const parsed = new URL(url);
  if (decodeURIComponent(parsed.username) !== role)
    throw new Error(`The URL for ${role} names another role.`);
  if (databaseOf(url) !== database)
    throw new Error(`The URL for ${role} names another database than ${database}.`);
  const password = decodeURIComponent(parsed.password);
  await ensureRole(admin, role, `login password ${pg.escapeLiteral(password)}`);
}

/** What none of our roles may have. Naming one of these, even to deny it, takes a superuser once the role exists. */
const POWERLESS = 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls';

async function ensureRole(admin: pg.Client, role: string, attributes: string): Promise<void> {
  const { rows } = await admin.query<{ powerful: boolean }>(
    `select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as powerful
     from pg_roles where rolname = $1`,
    [role],
  );
  const [existing] = rows;
  const alter = `alter role ${role} with ${existing?.powerful ? POWERLESS : ''} ${attributes}`;
  let sql = existing ? alter : `create role ${role} with ${POWERLESS} ${attributes}`;
  for (let tries = 1; ; tries++) {
    try {
      await admin.query(sql);
      return;
    } catch (error) {
      // Whoever comes second finds the role made, or being altered.
      const { code = '' } = error as pg.DatabaseError;
      if (!['23505', '42710', 'XX000'].includes(code) || tries === TRIES) throw error;
      sql = alter;
    }
  }
}

async function ensureDatabase(admin: pg.Client, database: string): Promise<void> {
  const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [database]);
  const name = pg.escapeIdentifier(database);
  if (!rowCount)
    await admin.query(`create database ${name} owner ${ROLES.owner} encoding 'UTF8' template template0`);
  else await admin.query(`alter database ${name} owner to ${ROLES.owner}`);
}

/** Nobody but our roles connects, and nobody creates in schema public. */
async function closeDatabase(adminUrl: string, database: string): Promise<void> {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const name = pg.escapeIdentifier(database);
    await client.query(`revoke all on database ${name} from public`);
    await client.query(
      `grant connect on database ${name} to ${ROLES.app}, ${ROLES.system}, ${ROLES.migrator}`,
    );
    await client.query('revoke create on schema public from public');
  } finally {
    await client.end();
  }
}

const databaseOf = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1));
