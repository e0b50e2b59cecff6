import type { ChildProcess } from 'node:child_process';
import { call, signUp, succeed } from '../support/person.js';
import { startProduct } from '../support/product.js';
import { started, told } from './children.js';
import { cpuMsOf } from './cpu.js';
import { median, spread } from './figures.js';
import type { Load, Seen } from './generator.js';

const ROUNDS = 9;
const SECONDS = 2;
const CONNECTIONS = 32;
/** Each beats or cycles in turn; more than there are connections. */
const SEATS = 256;
const KINDS = ['heartbeat', 'cycle'] as const;
const NAMES = { heartbeat: 'heartbeat', cycle: 'acquire + release' };

interface Contestant {
  name: string;
  url: string;
  pid: number;
  sessions: string[];
}

interface Round {
  perSecond: number;
  cpuMicros: number;
  seen: Seen;
}

/**
 * Seats over a socket: the product as `npm start` runs it (logs, limits, metrics and checks on) against bare Fastify
 * with the same scripts, (b), and the same with a token cache and auto-pipelining, (b+). Neither of these makes leases,
 * signs session ids or knows of another route.
 */
export async function seats(): Promise<void> {
  const product = await startProduct({ ENV: 'local', LOG_LEVEL: 'info' });
  const children: ChildProcess[] = [];
  try {
    const owner = await signUp(product.api.url);
    await product.admin(
      'license',
      'change-plan',
      owner.license.id,
      '--plan',
      'ENTERPRISE',
      '--reason',
      'benchmark',
    );
    const { keys } = await succeed<{ keys: object[] }>(`${product.api.url}/.well-known/jwks.json`);
    const settings = {
      REDIS_URL: product.redis.url,
      PUBLIC_KEY: JSON.stringify(keys[0]),
      LICENSE_ID: owner.license.id,
      TENANT_ID: owner.tenant.id,
    };
    const generator = await started('generator', {}, children);
    const bare = await started('bare-fastify', settings, children);
    const plus = await started('bare-fastify', { ...settings, PLUS: '1' }, children);
    const devices = Array.from({ length: SEATS }, (_, at) => `bench-${String(at).padStart(4, '0')}`);
    await roomFor(product.api.url, owner.access_token, SEATS);
    const contestants = [
      await contestant('gatehouse', product.api.url, product.api.pid, owner.access_token, devices),
      await contestant('(b)', bare.url, bare.child.pid ?? 0, owner.access_token, devices),
      await contestant('(b+)', plus.url, plus.child.pid ?? 0, owner.access_token, devices),
    ];

    for (const kind of KINDS) {
      const rounds: Round[][] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const row: Round[] = [];
        for (const one of contestants) {
          const load = {
            url: one.url,
            bearer: owner.access_token,
            connections: CONNECTIONS,
            seconds: SECONDS,
            kind,
          };
          row.push(await measured(generator.child, one, { ...load, devices, sessions: one.sessions }));
        }
        // The first warms everything up.
        if (round >= 0) rounds.push(row);
      }
      tell(NAMES[kind], contestants, rounds);
      // A cycle gave every seat back.
      if (kind === 'cycle') return;
    }
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await product.stop();
  }
}

/** A pool learns its size from answers; the first acquire also brings its policy. */
async function roomFor(url: string, bearer: string, wanted: number): Promise<void> {
  const first = await call<{ seats: { max: number | null } }>(`${url}/api/v1/licenses/acquire`, {
    bearer,
    body: { hardware_id: 'bench-first' },
  });
  const { max } = first.body.seats;
  if (max !== null && max < wanted)
    throw new Error(`The pool has ${max} seats; the benchmark needs ${wanted}.`);
}

async function contestant(
  name: string,
  url: string,
  pid: number,
  bearer: string,
  devices: string[],
): Promise<Contestant> {
  const sessions: string[] = [];
  for (const hardware_id of devices) {
    const seat = await succeed<{ session_id: string }>(`${url}/api/v1/licenses/acquire`, {
      bearer,
      body: { hardware_id: `${name}-${hardware_id}` },
    });
    sessions.push(seat.session_id);
  }
  return { name, url, pid, sessions };
}

async function measured(generator: ChildProcess, { pid }: Contestant, load: Load): Promise<Round> {
  const before = cpuMsOf(pid);
  const seen = await told<Load, Seen>(generator, load);
  if (seen.failed > 0)
    throw new Error(`${seen.failed} of ${seen.done} were refused: ${load.url} ${load.kind}`);
  const requests = seen.done * (load.kind === 'cycle' ? 2 : 1);
  return {
    perSecond: seen.done / seen.seconds,
    cpuMicros: ((cpuMsOf(pid) - before) * 1000) / requests,
    seen,
  };
}

function tell(what: string, contestants: readonly Contestant[], rounds: readonly Round[][]): void {
  const say = (line: string) => process.stdout.write(`  ${line}\n`);
  say(
    `${what}; ${rounds.length} interleaved rounds of ${SECONDS} s, ${CONNECTIONS} connections; min median max`,
  );
  contestants.forEach(({ name }, at) => {
    const own = rounds.map((row) => row[at]!);
    say(
      `  ${name.padEnd(10)} per second ${spread(own.map((one) => one.perSecond))}   CPU us a request ${spread(
        own.map((one) => one.cpuMicros),
        1,
      )}` +
        `   p50 ms ${median(own.map((one) => one.seen.p50)).toFixed(2)}   p99 ms ${median(own.map((one) => one.seen.p99)).toFixed(2)}`,
    );
  });
  contestants.slice(1).forEach(({ name }, index) => {
    const throughput = rounds.map((row) => row[0]!.perSecond / row[index + 1]!.perSecond);
    const cpu = rounds.map((row) => row[0]!.cpuMicros / row[index + 1]!.cpuMicros);
    say(
      `  gatehouse to ${name.padEnd(4)} throughput ${spread(throughput, 2)}   CPU a request ${spread(cpu, 2)}`,
    );
  });
  if (what === NAMES.heartbeat) say('  aim: 0.90 of the throughput of (b+)');
}
