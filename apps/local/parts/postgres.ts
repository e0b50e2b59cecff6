import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../ports.js';
import { ChildFailed, startChild } from '../processes/child.js';
import { commandOf, endProcess } from '../processes/process-table.js';
import { causeInOutput, Refusal } from '../refusal.js';
import type { Part } from './part.js';
import { findHome } from './postgres-home.js';
import type { PostgresHome } from './postgres-home.js';

const SUPERUSER = 'postgres';
const MAJOR = '18';
const ATTEMPTS = 5;

export interface PostgresOptions {
  /** Where its data and its password are kept; made when missing. */
  directory: string;
  logFile?: string;
  /** False for tests: nothing is flushed, stopping is abrupt. Default true. */
  durable?: boolean;
  /** A port it had before; another one is taken when it is in use. */
  port?: number;
  /** More settings of postgresql.conf. */
  settings?: Record<string, string>;
}

export interface Postgres extends Part {
  port: number;
  /** The superuser's connection to the database `postgres`; `url` is the same. */
  adminUrl: string;
  /** Removes its data and what was put elsewhere for it. Stop it first. */
  remove(): void;
}

/** Starts a PostgreSQL 18 of our own on 127.0.0.1 with password authentication; the first time it makes the cluster. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { directory, durable = true, logFile = join(options.directory, 'postgres.log') } = options;
  const home = findHome(directory, durable);
  const password = keepPassword(directory);
  await makeCluster(home, directory, password, durable);
  await clearStaleProcess(home.data);

  const running = await serve(home, logFile, durable, options);
  const adminUrl = `postgres://${SUPERUSER}:${password}@127.0.0.1:${running.port}/postgres`;
  return {
    ...running,
    name: 'postgres',
    url: adminUrl,
    adminUrl,
    remove: () => {
      for (const path of [directory, home.elsewhere])
        if (path) rmSync(path, { recursive: true, force: true });
    },
  };
}

async function serve(home: PostgresHome, logFile: string, durable: boolean, options: PostgresOptions) {
  let port = options.port ?? (await freePort());
  for (let attempt = 1; ; attempt += 1) {
    const settings = { ...settingsFor(durable), ...options.settings };
    try {
      const child = await startChild({
        name: 'PostgreSQL',
        command: join(home.native, 'bin', 'postgres'),
        args: [
          '-D',
          home.data,
          '-p',
          String(port),
          ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
        ],
        cwd: '/',
        env: environment(),
        user: home.user,
        logFile,
        ready: /database system is ready to accept connections/,
        stopSignal: durable ? 'SIGINT' : 'SIGQUIT',
        stopWithinMs: 30_000,
      });
      return { ...child, port };
    } catch (error) {
      const taken =
        error instanceof ChildFailed && /could not bind|Address already in use/.test(error.output);
      if (!taken || attempt === ATTEMPTS) throw error;
      port = await freePort();
    }
  }
}

function settingsFor(durable: boolean): Record<string, string> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_preload_libraries: 'pg_stat_statements',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  if (durable) return settings;
  return {
    ...settings,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
  };
}

/** Nothing of the caller's: PGPORT, PGDATA and their sisters would be obeyed. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C' };
}

async function makeCluster(
  home: PostgresHome,
  directory: string,
  password: string,
  durable: boolean,
): Promise<void> {
  if (existsSync(home.data)) {
    refuseOtherVersion(home);
    return;
  }
  // A cluster whose making was interrupted is never mistaken for a whole one.
  const unfinished = `${home.data}.new`;
  const passwordFile = `${home.data}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (home.user) for (const path of [unfinished, passwordFile]) chownSync(path, home.user.uid, home.user.gid);
  try {
    await initdb(home, unfinished, passwordFile, durable);
    renameSync(unfinished, home.data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function initdb(
  home: PostgresHome,
  data: string,
  passwordFile: string,
  durable: boolean,
): Promise<void> {
  const args = ['-D', data, '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8'];
  args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions');
  if (!durable) args.push('--no-sync');
  const child = spawn(join(home.native, 'bin', 'initdb'), args, {
    cwd: '/',
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...home.user,
  });
  const ended = once(child, 'close');
  const [printed, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 0) return;
  throw new Refusal(
    causeInOutput(complaints) ??
      `initdb could not make PostgreSQL's data in ${data}:\n${printed}${complaints}`,
  );
}

function refuseOtherVersion(home: PostgresHome): void {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined);
  const made = read(join(home.data, 'PG_VERSION'));
  if (made === undefined || made === MAJOR) return;
  throw new Refusal(
    `${home.data} was made by PostgreSQL ${made}, and this is ${MAJOR}: go back to the older version of Gatehouse, ` +
      'or remove .gatehouse/postgres together with what is in it.',
  );
}

/** After a kill -9 of everything, postmaster.pid names a process that is gone, is still ending, or is somebody else. */
async function clearStaleProcess(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : Number.NaN;
  if (!Number.isInteger(pid) || pid <= 0) return;
  if (commandOf(pid)?.includes(data)) await endProcess(pid, 'SIGINT');
  rmSync(file, { force: true });
}

function keepPassword(directory: string): string {
  const file = join(directory, 'superuser.password');
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8').trim();
}
