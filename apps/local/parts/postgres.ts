import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../ports.js';
import { ChildFailed, startChild } from '../processes/child.js';
import { commandOf, endProcess } from '../processes/process-table.js';
import type { Part } from './part.js';
import { keepPassword, makeCluster, serverEnvironment, SUPERUSER } from './postgres-cluster.js';
import { findHome } from './postgres-home.js';
import type { PostgresHome } from './postgres-home.js';

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
  /** Whether its data was there before this start. */
  used: boolean;
  /** Removes its data and what was put elsewhere for it. Stop it first. */
  remove(): void;
}

/** Starts a PostgreSQL 18 of our own on 127.0.0.1 with password authentication; the first time it makes the cluster. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { directory, durable = true, logFile = join(options.directory, 'postgres.log') } = options;
  const home = findHome(directory, durable);
  const password = keepPassword(directory);
  const used = existsSync(home.data);
  await makeCluster(home, directory, password, durable);
  await clearStaleProcess(home.data);

  const running = await serve(home, logFile, durable, options);
  const adminUrl = `postgres://${SUPERUSER}:${password}@127.0.0.1:${running.port}/postgres`;
  return {
    ...running,
    name: 'postgres',
    url: adminUrl,
    adminUrl,
    used,
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
        env: serverEnvironment(),
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

/** After a kill -9 of everything, postmaster.pid names a process that is gone, is still ending, or is somebody else. */
async function clearStaleProcess(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : Number.NaN;
  if (!Number.isInteger(pid) || pid <= 0) return;
  if (commandOf(pid)?.includes(data)) await endProcess(pid, 'SIGINT');
  rmSync(file, { force: true });
}
