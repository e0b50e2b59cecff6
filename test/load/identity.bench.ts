import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { emptyDatabase } from '../support/database.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import { newEmail, PASSWORD, type RegisteredBody, signUpByPassword, succeed } from '../support/person.js';
import { type Product, startProduct } from '../support/product.js';
import type { Hashed, Hashing } from './bare-argon2.js';
import { started, told } from './children.js';
import { cpuMsOf } from './cpu.js';
import { median, spread } from './figures.js';
import type { HttpLoad, HttpSeen } from './http-generator.js';

const ROUNDS = 7;
const SECONDS = 3;
const CONNECTIONS = 32;
/** People who sign in; as many chains of refresh tokens. */
const PEOPLE = 16;
/** The defaults of the product, said aloud so that the bare hash has the same. */
const ARGON2 = { memoryKib: 65_536, passes: 2, lanes: 1 };
const CONCURRENCY = Math.max(1, availableParallelism() - 1);
/** While others sign in, so many reads a second are asked for, over so many connections. */
const STORM = { readsPerSecond: 100, connections: 16, seconds: 5, rounds: 5 };

/** What the API costs by itself, in microseconds a second. */
let idleMicros = 0;

interface Read {
  name: string;
  pid: number;
  load: Pick<HttpLoad, 'url' | 'path' | 'headers'>;
}

interface Measured {
  perSecond: number;
  cpuMicros: number;
  seen: HttpSeen;
}

/**
 * Identity over a socket, the product as `npm start` runs it: sign-ins against the bare hash, refreshes, reads with a
 * bearer against reads without and against better-auth's session check, and what a storm of sign-ins does to readers.
 */
export async function identity(): Promise<void> {
  const product = await startProduct({
    ENV: 'local',
    LOG_LEVEL: 'info',
    AUTH_ARGON2_MEMORY_KIB: String(ARGON2.memoryKib),
    AUTH_ARGON2_PASSES: String(ARGON2.passes),
    AUTH_ARGON2_LANES: String(ARGON2.lanes),
    AUTH_HASH_CONCURRENCY: String(CONCURRENCY),
  });
  const theirs = await emptyDatabase();
  const children: ChildProcess[] = [];
  try {
    say(`${availableParallelism()} cores for everything: API, worker, Postgres, Redis, and who asks`);
    const people = await peopleOf(product);
    await pause(SECONDS * 1000);
    const before = cpuMsOf(product.api.pid);
    await pause(SECONDS * 1000);
    idleMicros = ((cpuMsOf(product.api.pid) - before) * 1000) / SECONDS;
    say(
      `the API takes ${(idleMicros / 1000).toFixed(0)} ms of processor a second when nobody asks; that is taken off`,
    );
    const { child: generator } = await started('http-generator', {}, children);
    await signIns(product, people, generator, children);
    await refreshes(product, people, generator);
    await reads(product, people, generator, theirs.ownerUrl, children);
    await storm(product, people, generator, children);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await product.stop();
    await theirs.drop();
  }
}

/** Whose address is proved costs one hash to sign in, as most do. */
async function peopleOf({ api }: Product): Promise<RegisteredBody[]> {
  const people: RegisteredBody[] = [];
  for (let at = 0; at < PEOPLE; at++) {
    const email = newEmail();
    people.push(await signUpByPassword(api.url, email));
    const token = tokenIn((await mailsTo(email))[0]);
    await succeed(`${api.url}/api/v1/auth/email/verify`, { body: { token } });
  }
  return people;
}

const logins = ({ api }: Product, people: readonly RegisteredBody[]) => ({
  ...{ url: api.url, method: 'POST', path: '/api/v1/auth/login', headers: {} },
  bodies: people.map(({ user }) => JSON.stringify({ email: user.email, password: PASSWORD })),
});

async function signIns(
  product: Product,
  people: readonly RegisteredBody[],
  generator: ChildProcess,
  children: ChildProcess[],
): Promise<void> {
  const bare = await started('bare-argon2', {}, children);
  const load = { ...logins(product, people), connections: CONCURRENCY * 4, seconds: SECONDS };
  const hashing: Hashing = { ...ARGON2, password: PASSWORD, concurrency: CONCURRENCY, seconds: SECONDS };
  const rounds: [Measured, { perSecond: number; cpuMicros: number }][] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const ours = await measured(generator, product.api.pid, load);
    const before = cpuMsOf(bare.pid);
    const { done, seconds } = await told<Hashing, Hashed>(bare.child, hashing);
    const cpuMicros = ((cpuMsOf(bare.pid) - before) * 1000) / done;
    if (round >= 0) rounds.push([ours, { perSecond: done / seconds, cpuMicros }]);
  }
  say(`sign-ins by password, ${CONCURRENCY} hash at a time; the bare hash: verify() and nothing else`);
  const [ours, hashes] = [rounds.map(([one]) => one), rounds.map(([, one]) => one)];
  row('gatehouse', ours);
  row('bare hash', hashes);
  ratio(
    'per second',
    rounds.map(([one, other]) => one.perSecond / other.perSecond),
  );
  ratio(
    'CPU',
    rounds.map(([one, other]) => one.cpuMicros / other.cpuMicros),
    'aim at most 1.25',
  );
  say('  bound by: the hash, of which as many are computed at a time as there are cores but one');
}

async function refreshes(
  { api }: Product,
  people: readonly RegisteredBody[],
  generator: ChildProcess,
): Promise<void> {
  let refreshTokens = people.map((one) => one.refresh_token);
  const rounds: Measured[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const one = await measured(generator, api.pid, {
      ...{ url: api.url, method: 'POST', path: '/api/v1/auth/refresh', headers: {} },
      ...{ connections: PEOPLE, seconds: SECONDS, refreshTokens },
    });
    refreshTokens = one.seen.refreshTokens;
    if (round >= 0) rounds.push(one);
  }
  say(`refreshes, ${PEOPLE} sessions, each one after the other`);
  row('gatehouse', rounds);
  say('  bound by: five round trips to Postgres, and one RS256 signature (about 0.3 ms)');
}

async function reads(
  { api }: Product,
  people: readonly RegisteredBody[],
  generator: ChildProcess,
  database: string,
  children: ChildProcess[],
): Promise<void> {
  // The first migrates.
  const session = await started('better-auth', { DATABASE_URL: database }, children);
  const cached = await started('better-auth', { DATABASE_URL: database, COOKIE_CACHE: '1' }, children);
  const { access_token } = await succeed<RegisteredBody>(`${api.url}/api/v1/auth/login`, {
    body: { email: people[0]!.user.email, password: PASSWORD },
  });
  const bearer = { authorization: `Bearer ${access_token}` };
  const ours = (name: string, path: string, headers = {}): Read => ({
    name,
    pid: api.pid,
    load: { url: api.url, path, headers },
  });
  const better = (name: string, { pid, url, cookie }: typeof session): Read => ({
    name,
    pid,
    load: { url, path: '/api/auth/get-session', headers: { cookie } },
  });
  const contestants = [
    ours('status, with a bearer', '/api/v1/status', bearer),
    ours('ready, without', '/ready'),
    ours('auth/me, with a bearer', '/api/v1/auth/me', bearer),
    better('better-auth', session),
    better('better-auth, cookie', cached),
  ];
  const rounds: Measured[][] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const line: Measured[] = [];
    for (const { pid, load } of contestants)
      line.push(
        await measured(generator, pid, {
          ...load,
          method: 'GET',
          connections: CONNECTIONS,
          seconds: SECONDS,
        }),
      );
    if (round >= 0) rounds.push(line);
  }
  say(`reads, ${CONNECTIONS} connections; /api/v1/status and /ready do the same work`);
  contestants.forEach(({ name }, at) =>
    row(
      name,
      rounds.map((line) => line[at]!),
    ),
  );
  const to = (one: number, other: number, key: 'perSecond' | 'cpuMicros') =>
    rounds.map((line) => line[one]![key] / line[other]![key]);
  ratio('status to ready: per second', to(0, 1, 'perSecond'));
  ratio('status to ready: CPU', to(0, 1, 'cpuMicros'));
  ratio('status to better-auth: per second', to(0, 3, 'perSecond'), 'aim ten');
  ratio('better-auth to status: CPU', to(3, 0, 'cpuMicros'), 'aim ten');
  ratio('better-auth, cookie, to status: CPU', to(4, 0, 'cpuMicros'));
  ratio('better-auth to auth/me: CPU', to(3, 2, 'cpuMicros'));
  say(
    '  bound by: status, the budget of the caller in Redis; auth/me, four reads of Postgres in one round trip',
  );
}

async function storm(
  product: Product,
  people: readonly RegisteredBody[],
  generator: ChildProcess,
  children: ChildProcess[],
): Promise<void> {
  const { child: reader } = await started('http-generator', {}, children);
  const { access_token } = await succeed<RegisteredBody>(`${product.api.url}/api/v1/auth/login`, {
    body: { email: people[0]!.user.email, password: PASSWORD },
  });
  const read = (path: string): HttpLoad => ({
    ...{ url: product.api.url, method: 'GET', path, headers: { authorization: `Bearer ${access_token}` } },
    ...{ connections: 8, seconds: STORM.seconds, perSecond: STORM.readsPerSecond },
  });
  const { connections, seconds, rounds } = STORM;
  const login: HttpLoad = { ...logins(product, people), connections, seconds };
  say(`reads while ${connections} connections sign in; ${STORM.readsPerSecond} reads a second are asked for`);
  for (const path of ['/api/v1/status', '/api/v1/auth/me']) {
    const pairs: [HttpSeen, HttpSeen][] = [];
    let signedIn = 0;
    for (let round = -1; round < rounds; round++) {
      const idle = await told<HttpLoad, HttpSeen>(reader, read(path));
      const [busy, storm] = await Promise.all([
        told<HttpLoad, HttpSeen>(reader, read(path)),
        told<HttpLoad, HttpSeen>(generator, login),
      ]);
      if (round < 0) continue;
      pairs.push([idle, busy]);
      signedIn += storm.done - storm.failed;
    }
    say(`  ${path}: ${(signedIn / (rounds * seconds)).toFixed(0)} sign-ins a second; min median max`);
    say(
      `    p99 ms idle ${spread(
        pairs.map(([one]) => one.p99),
        2,
      )}   in the storm ${spread(
        pairs.map(([, one]) => one.p99),
        2,
      )}`,
    );
    say(
      `    p50 ms idle ${spread(
        pairs.map(([one]) => one.p50),
        2,
      )}   in the storm ${spread(
        pairs.map(([, one]) => one.p50),
        2,
      )}`,
    );
    ratio(
      '  p99, storm to idle',
      pairs.map(([idle, busy]) => busy.p99 / idle.p99),
      'aim at most 2',
    );
  }
  say('  bound by: the cores; hashes leave one of them to everybody else');
}

async function measured(generator: ChildProcess, pid: number, load: HttpLoad): Promise<Measured> {
  const before = cpuMsOf(pid);
  const seen = await told<HttpLoad, HttpSeen>(generator, load);
  if (seen.failed > 0) throw new Error(`${seen.failed} of ${seen.done} were refused: ${load.path}`);
  const idle = isOurs(load) ? idleMicros * seen.seconds : 0;
  const cpuMicros = ((cpuMsOf(pid) - before) * 1000 - idle) / seen.done;
  return { perSecond: seen.done / seen.seconds, cpuMicros, seen };
}

const isOurs = ({ path }: HttpLoad) => !path.includes('get-session');

const say = (line: string) => process.stdout.write(`  ${line}\n`);

const row = (name: string, rounds: readonly { perSecond: number; cpuMicros: number; seen?: HttpSeen }[]) =>
  say(
    `  ${name.padEnd(24)} per second ${spread(rounds.map((one) => one.perSecond))}   CPU us each ${spread(
      rounds.map((one) => one.cpuMicros),
    )}` + (rounds[0]?.seen ? `   p99 ms ${median(rounds.map((one) => one.seen!.p99)).toFixed(1)}` : ''),
  );

const ratio = (what: string, values: readonly number[], aim = '') =>
  say(`  ${what.padEnd(36)} ${spread(values, 2)}${aim && `   (${aim})`}`);
