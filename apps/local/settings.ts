/** From the caller's environment to the product's settings: what is brought from outside, what runs here. Pure. */
import { Refusal } from './refusal.js';

const DATABASE = 'gatehouse';

export interface Choices {
  host: string;
  /** 0 lets the API pick one. */
  port: number;
  /** An administrator's connection to a PostgreSQL that is not ours. */
  databaseAdminUrl?: string;
  redisUrl?: string;
  firebaseUrl?: string;
  ownMail: boolean;
  /** A real account, or a stand-in of the caller's: no local Stripe then. */
  ownStripe: boolean;
}

export interface RolePasswords {
  app: string;
  system: string;
  migrator: string;
}

/** Which parts the caller brings, and where the API shall listen. Throws a Refusal for a PORT that is none. */
export function readChoices(caller: NodeJS.ProcessEnv): Choices {
  const port = Number(caller.PORT || 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Refusal(`PORT must be a number from 0 to 65535; it is "${caller.PORT}".`);
  return {
    host: caller.HOST || '127.0.0.1',
    port,
    databaseAdminUrl: caller.DATABASE_ADMIN_URL || caller.DATABASE_URL || undefined,
    redisUrl: caller.REDIS_URL || undefined,
    firebaseUrl: externalFirebase(caller),
    ownMail: Boolean(caller.MAIL_TRANSPORT || isSet(caller, 'SMTP_URL')),
    ownStripe: isSet(caller, 'STRIPE_SECRET_KEY'),
  };
}

function externalFirebase(caller: NodeJS.ProcessEnv): string | undefined {
  if (!caller.FIREBASE_PROJECT_ID) return undefined;
  if (caller.FIREBASE_AUTH_EMULATOR_HOST) return `http://${caller.FIREBASE_AUTH_EMULATOR_HOST}`;
  return isSet(caller, 'FIREBASE_CREDENTIALS') ? 'https://identitytoolkit.googleapis.com' : undefined;
}

/**
 * The four connections of the product, made of an administrator's: the same server, one role each. The database is
 * the administrator's own unless that is the server's default one.
 */
export function databaseUrls(adminUrl: string, passwords: RolePasswords): Record<string, string> {
  const own = decodeURIComponent(new URL(adminUrl).pathname.slice(1));
  const database = own === '' || own === 'postgres' ? DATABASE : own;
  const as = (role: keyof RolePasswords) => {
    const url = new URL(adminUrl);
    url.username = `gatehouse_${role}`;
    url.password = passwords[role];
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  };
  return {
    DATABASE_ADMIN_URL: adminUrl,
    DATABASE_URL: as('app'),
    DATABASE_SYSTEM_URL: as('system'),
    DATABASE_MIGRATOR_URL: as('migrator'),
  };
}

/** The same connection to another database of the server. */
export function inDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  return other.href;
}

/**
 * The environment of API and worker: the caller's, with what runs here put over it. A secret the caller sets, in
 * itself or as a file, wins over ours.
 */
export function productSettings(
  caller: NodeJS.ProcessEnv,
  local: Record<string, string>,
  secrets: Record<string, string>,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...caller };
  for (const name of Object.keys(local)) delete env[`${name}_FILE`];
  const unset = Object.entries(secrets).filter(([name]) => !isSet(caller, name));
  return { ...env, ...Object.fromEntries(unset), ...local, ENV: 'local' };
}

function isSet(environment: NodeJS.ProcessEnv, name: string): boolean {
  return Boolean(environment[name] || environment[`${name}_FILE`]);
}
