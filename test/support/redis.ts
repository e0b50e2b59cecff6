import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A Redis of the test's own, so that it may be emptied, stopped and started again. Keeps nothing on disk. */
export interface TestRedis {
  url: string;
  /** Ends it at once, as a crash would; what it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
  /** Ends it for good. */
  drop(): Promise<void>;
}

const COMMAND = process.env.GATEHOUSE_TEST_REDIS_SERVER ?? 'redis-server';
/** Somebody may take the port between our asking and Redis's listening. */
const TRIES = 5;

/** Starts a private redis-server (`settings`: more of its arguments) on a free loopback port; it takes about 50 ms. */
export async function testRedis(settings: string[] = []): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-redis-'));
  const [port, first] = await launchOnFreePort(folder, settings);
  let server = first;

  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.ref();
    const ended = once(server, 'exit');
    process.kill(-server.pid!, 'SIGKILL');
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: async () => {
      await kill();
      server = await launch(port, folder, settings);
    },
    drop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launchOnFreePort(folder: string, settings: string[]): Promise<[number, ChildProcess]> {
  for (let left = TRIES; ; left--) {
    const port = await freePort();
    try {
      return [port, await launch(port, folder, settings)];
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

async function launch(port: number, folder: string, settings: string[]): Promise<ChildProcess> {
  const options = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
    ...settings,
  ];
  const server = spawn(COMMAND, options, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  if (server.pid) endWithUs(server.pid);
  const lines: string[] = [];
  const output = createInterface({ input: server.stdout });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`${COMMAND} cannot be started: ${error.message}`)));
    server.once('exit', () =>
      reject(new Error(`${COMMAND} ended before it was ready:\n${lines.join('\n')}`)),
    );
    output.on('line', (line) => {
      lines.push(line);
      if (!line.includes('Ready to accept connections')) return;
      // A test that failed before it could drop its Redis must not keep the whole run from ending.
      server.unref();
      (server.stdout as unknown as { unref(): void }).unref();
      resolve(server);
    });
  });
}

/** Ends the process group even when this test process is killed, which no exit hook would notice: its end of the pipe closes. */
function endWithUs(group: number): void {
  const watch = spawn('sh', ['-c', 'read -r _; kill -9 "-$0"', `${group}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  (watch.stdin as unknown as { unref(): void }).unref();
}

/** A loopback port that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
