import { z } from 'zod';
import { configOf, flag, type Env, setting, secret, whole } from '../config/config.js';
import { isDefaultPassword } from '../config/made-up.js';

const url = () => z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' });

/** What production refuses unless one of these says that it is meant. */
const exceptions = {
  plaintextAllowed: setting(
    'DATABASE_PLAINTEXT_ALLOWED',
    flag(false),
    'Names the exception: production may reach Postgres without TLS (a socket or a private network).',
  ),
  passwordlessAllowed: setting(
    'DATABASE_PASSWORDLESS_ALLOWED',
    flag(false),
    'Names the exception: production may reach Postgres without a password (a socket, a client certificate).',
  ),
};

/** Postgres as the API and the worker see it. */
export class DatabaseConfig extends configOf(
  'database',
  {
    url: secret('DATABASE_URL', url(), 'Postgres as the role gatehouse_app, which row security binds.'),
    systemUrl: secret(
      'DATABASE_SYSTEM_URL',
      url(),
      'Postgres as the role gatehouse_system: relay, sweepers and operators.',
    ),
    poolSize: setting(
      'DATABASE_POOL_SIZE',
      whole(2, 200).default(10),
      'Connections of a process for the app role.',
    ),
    ...exceptions,
  },
  (values, env) =>
    guardUrls({ DATABASE_URL: values.url, DATABASE_SYSTEM_URL: values.systemUrl }, values, env),
) {}

/** Only the command line needs these. */
export class MigratorConfig extends configOf(
  'migrator',
  { url: secret('DATABASE_MIGRATOR_URL', url(), 'Postgres as the role gatehouse_migrator.'), ...exceptions },
  (values, env) => guardUrls({ DATABASE_MIGRATOR_URL: values.url }, values, env),
) {}

export class BootstrapConfig extends configOf(
  'bootstrap',
  {
    adminUrl: secret(
      'DATABASE_ADMIN_URL',
      url(),
      'Postgres as a role that may create roles and databases; only `gatehouse-admin bootstrap` uses it.',
    ),
    url: secret('DATABASE_URL', url(), 'The app role and its password, as it shall be.'),
    systemUrl: secret('DATABASE_SYSTEM_URL', url(), 'The system role and its password, as it shall be.'),
    migratorUrl: secret(
      'DATABASE_MIGRATOR_URL',
      url(),
      'The migrator role and its password, as it shall be.',
    ),
    ...exceptions,
  },
  (values, env) =>
    guardUrls(
      {
        DATABASE_ADMIN_URL: values.adminUrl,
        DATABASE_URL: values.url,
        DATABASE_SYSTEM_URL: values.systemUrl,
        DATABASE_MIGRATOR_URL: values.migratorUrl,
      },
      values,
      env,
    ),
) {}

interface Exceptions {
  plaintextAllowed: boolean;
  passwordlessAllowed: boolean;
}

const guardUrls = (urls: Record<string, string>, allowed: Exceptions, env: Env): string[] =>
  env === 'production'
    ? Object.entries(urls).flatMap(([name, one]) => guardUrl(name, new URL(one), allowed))
    : [];

function guardUrl(name: string, url: URL, { plaintextAllowed, passwordlessAllowed }: Exceptions): string[] {
  const faults: string[] = [];
  if (!url.password && !passwordlessAllowed) {
    faults.push(`${name}: production needs a password, or DATABASE_PASSWORDLESS_ALLOWED=true.`);
  }
  if (url.password && isDefaultPassword(url.password, url.username)) {
    faults.push(`${name}: production takes no password that everybody tries first; draw one.`);
  }
  if (
    !['require', 'verify-ca', 'verify-full'].includes(url.searchParams.get('sslmode') ?? '') &&
    !plaintextAllowed
  ) {
    faults.push(`${name}: production needs TLS (sslmode=verify-full), or DATABASE_PLAINTEXT_ALLOWED=true.`);
  }
  return faults;
}
