import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../ports.js';
import { ChildFailed, startChild } from '../processes/child.js';
import type { Child } from '../processes/child.js';
import type { Part } from './part.js';
import { findRedisServer } from './redis-server.js';

const ATTEMPTS = 5;

export interface RedisOptions {
  /** Where its data is kept; made when missing. */
  directory: string;
  logFile?: string;
  /** False for tests: memory only. Default true: an append-only file, flushed every second. */
  durable?: boolean;
  /** A port and password it had before, so that clients find it again after a restart. */
  port?: number;
  password?: string;
  /** The path of redis-server or valkey-server; found (or fetched) when missing. */
  server?: string;
  /** More lines of redis.conf. */
  settings?: string[];
}

export interface Redis extends Part {
  port: number;
  password: string;
  server: string;
}

/** Starts a Redis (or Valkey) of our own on 127.0.0.1 that asks for a password. */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const { directory, logFile = join(options.directory, 'redis.log') } = options;
  mkdirSync(directory, { recursive: true });
  const server = options.server ?? (await findRedisServer());
  const password = options.password ?? randomBytes(24).toString('hex');
  for (let attempt = 1; ; attempt += 1) {
    const port = attempt === 1 && options.port ? options.port : await freePort();
    try {
      const child = await serve(server, logFile, configuration(options, port, password), directory);
      return {
        ...child,
        name: 'redis',
        url: `redis://:${password}@127.0.0.1:${port}`,
        port,
        password,
        server,
      };
    } catch (error) {
      const taken = error instanceof ChildFailed && /Address already in use/.test(error.output);
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}

function serve(server: string, logFile: string, input: string, cwd: string): Promise<Child> {
  return startChild({
    name: 'Redis',
    command: server,
    args: ['-'], // the configuration comes from stdin: a password in the arguments is everybody's to read
    input,
    cwd,
    logFile,
    ready: /Ready to accept connections/,
  });
}

function configuration(options: RedisOptions, port: number, password: string): string {
  const durable = options.durable ?? true;
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    'daemonize no',
    'set-proc-title no', // it would overwrite the environment by which a forgotten one is found
    'save ""',
    `appendonly ${durable ? 'yes' : 'no'}`,
    'maxmemory-policy noeviction', // queues: an evicted key is a lost job
    ...(options.settings ?? []),
    '',
  ].join('\n');
}
