import { z } from 'zod';
import { configOf, flag, type Env, setting, secret, whole } from '../config/config.js';

const url = () => z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' });

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
    poolSize: setting('DATABASE_POOL_SIZE', whole(2, 200).default(10), 'Connections of a process for the app role.'),
    plaintextAllowed: setting(
      'DATABASE_PLAINTEXT_ALLOWED',
      flag(false),
      'Names the exception: production may reach Postgres without TLS (a socket or a private network).',
    ),
  },
  (values, env) => (values.plaintextAllowed ? [] : [values.url, values.systemUrl].flatMap((one) => guardUrl(one, env))),
) {}

/** Only the command line needs these. */
export class MigratorConfig extends configOf('migrator', {
  url: secret('DATABASE_MIGRATOR_URL', url(), 'Postgres as the role gatehouse_migrator.'),
}) {}

export class BootstrapConfig extends configOf('bootstrap', {
  adminUrl: secret(
    'DATABASE_ADMIN_URL',
    url(),
    'Postgres as a role that may create roles and databases; only `gatehouse-admin bootstrap` uses it.',
  ),
  url: secret('DATABASE_URL', url(), 'The app role and its password, as it shall be.'),
  systemUrl: secret('DATABASE_SYSTEM_URL', url(), 'The system role and its password, as it shall be.'),
  migratorUrl: secret('DATABASE_MIGRATOR_URL', url(), 'The migrator role and its password, as it shall be.'),
}) {}

function guardUrl(one: string, env: Env): string[] {
  if (env !== 'production') return [];
  const parsed = new URL(one);
  const role = parsed.username || 'the role';
  const faults: string[] = [];
  if (!parsed.password) faults.push(`DATABASE_URL of ${role}: production needs a password.`);
  if (!['require', 'verify-ca', 'verify-full'].includes(parsed.searchParams.get('sslmode') ?? '')) {
    faults.push(
      `DATABASE_URL of ${role}: production needs TLS (sslmode=verify-full), or DATABASE_PLAINTEXT_ALLOWED=true.`,
    );
  }
  return faults;
}
