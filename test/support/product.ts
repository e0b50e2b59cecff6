import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { generateSecrets } from '#platform';
import { testDatabase, type TestDatabase } from './database.js';
import { INHERITED, part } from './environment.js';
import { testRedis, type TestRedis } from './redis.js';

/** A process of the product, as it runs in production. */
export interface ProductProcess {
  url: string;
  pid: number;
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** What it has printed so far. */
  output(): string;
}

/** The product with a database and a Redis of its own. */
export interface Product {
  database: TestDatabase;
  redis: TestRedis;
  /** The settings of both processes, for further ones. */
  env: Record<string, string>;
  api: ProductProcess;
  worker: ProductProcess;
  /** Where the routes of `api` begin. */
  v1: string;
  startApi(settings?: Record<string, string>): Promise<ProductProcess>;
  startWorker(settings?: Record<string, string>): Promise<ProductProcess>;
  /** Runs `gatehouse-admin` and gives what it printed; throws with what it complained of. */
  admin(...args: string[]): Promise<string>;
  /** Asks the database as a superuser, whom no policy binds. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** The one client of its Redis; what is asked while that is away is not kept. */
  redisClient(): Redis;
  stop(): Promise<void>;
}

/** Starts API and worker on free ports; `settings` go to both. */
export async function startProduct(settings: Record<string, string> = {}): Promise<Product> {
  const [database, redis] = await Promise.all([testDatabase(), testRedis()]);
  const firebase = new URL(part('FIREBASE_URL')).host;
  const env: Record<string, string> = {
    ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    WORKER_PORT: '0',
    BASE_URL: 'http://127.0.0.1',
    DATABASE_URL: database.url,
    DATABASE_SYSTEM_URL: database.systemUrl,
    REDIS_URL: redis.url,
    FIREBASE_PROJECT_ID: 'demo-gatehouse',
    FIREBASE_AUTH_EMULATOR_HOST: firebase,
    MAIL_TRANSPORT: 'smtp',
    MAIL_FROM: 'Gatehouse <gatehouse@example.com>',
    SMTP_URL: part('SMTP_URL'),
    // As weak as it may be: tests make many people.
    AUTH_ARGON2_MEMORY_KIB: '19456',
    AUTH_ARGON2_PASSES: '2',
    ...generateSecrets(),
    ...settings,
  };

  const started = new Set<ProductProcess>();
  const start = async (program: string, extra: Record<string, string> = {}) => {
    const process = await startAtLast(program, { ...env, ...extra });
    started.add(process);
    return process;
  };
  const startApi = (extra?: Record<string, string>) => start('api', extra);
  const startWorker = (extra?: Record<string, string>) => start('worker', extra);
  const [api, worker] = await Promise.all([startApi(), startWorker()]);
  const superuser = new pg.Pool({ connectionString: database.superuserUrl });
  superuser.on('error', () => undefined);
  let client: Redis | undefined;

  return {
    database,
    redis,
    env,
    api,
    worker,
    v1: `${api.url}/api/v1`,
    startApi,
    startWorker,
    admin: (...args) => runAdmin(args, env),
    query: async (sql, values) => (await superuser.query(sql, values)).rows,
    redisClient: () => (client ??= new Redis(redis.url).on('error', () => undefined)),
    stop: async () => {
      client?.disconnect();
      await Promise.all([superuser.end(), ...[...started].map((one) => one.stop())]);
      await Promise.all([database.drop(), redis.drop()]);
    },
  };
}

/** For so long, in ms, somebody else's connection may have a port that was given back and is taken again. */
const PORT_TAKEN_MS = 10_000;

async function startAtLast(program: string, env: Record<string, string>): Promise<ProductProcess> {
  const deadline = performance.now() + PORT_TAKEN_MS;
  for (;;) {
    try {
      return await startProcess(program, env);
    } catch (error) {
      if (performance.now() >= deadline || !String(error).includes('EADDRINUSE')) throw error;
    }
  }
}

async function startProcess(program: string, env: Record<string, string>): Promise<ProductProcess> {
  const file = join(mkdtempSync(join(tmpdir(), 'gatehouse-log-')), `${program}.log`);
  const log = createWriteStream(file);
  const child = fork(join(process.cwd(), 'dist', 'apps', program, 'main.js'), {
    env: { ...INHERITED, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const output = () => readFileSync(file, 'utf8');

  const url = await ready(child, () => `${program} ended before it was ready:\n${output()}`);
  return {
    url,
    pid: child.pid ?? 0,
    stop: () => endOrTell(child, () => `${program} (${url}) did not end:\n${output().slice(-2_000)}`),
    kill: async () => void (await end(child, 'SIGKILL')),
    output,
  };
}

async function ready(child: ChildProcess, why: () => string): Promise<string> {
  const ended = once(child, 'exit').then(() => {
    throw new Error(why());
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ type: string; url: string }];
  ended.catch(() => undefined);
  return message.url;
}

/** Longer than a drain; who hangs is killed and said by name. */
const STOP_MS = 40_000;

async function endOrTell(child: ChildProcess, why: () => string): Promise<number | null> {
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, STOP_MS);
  const code = await end(child, 'SIGTERM').finally(() => clearTimeout(timer));
  if (hung) throw new Error(why());
  return code;
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

/** Runs `gatehouse-admin` with these settings; see {@link Product.admin}. */
export async function runAdmin(args: string[], env: Record<string, string>): Promise<string> {
  const child = fork(join(process.cwd(), 'dist', 'apps', 'cli', 'main.js'), args, {
    env: { ...INHERITED, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  let said = '';
  let complained = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (complained += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`gatehouse-admin ${args.join(' ')} ended with ${code}:\n${complained}${said}`);
  return said;
}

/** What a command complains of; what it printed, if it did not fail. */
export const complaintOf = (command: Promise<string>): Promise<string> =>
  command.catch((error: unknown) => String(error));

/** Brings what plans.yaml sells to Stripe; patient also where the product is made not to be. */
export const sellCatalogue = ({ env }: Product): Promise<string> =>
  runAdmin(['catalog', 'apply', '--reason', 'a test'], { ...env, STRIPE_TIMEOUT_MS: '60000' });
