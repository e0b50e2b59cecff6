import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { causeInOutput, Refusal } from '../refusal.js';
import { type DebianProgram, fetchFromDebian, homeOf, LIBRARIES_OF_HERE } from './debian-packages.js';

const wrapper = join('bin', 'redis-server');

const WRAPPER = `#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd)
${LIBRARIES_OF_HERE}
exec "$here/usr/bin/redis-server" "$@"
`;

const REDIS: DebianProgram = {
  name: 'redis-server',
  packages: ['redis-server', 'redis-tools'], // the binary is in redis-tools
  prepare: (unpacked) => {
    mkdirSync(dirname(join(unpacked, wrapper)));
    writeFileSync(join(unpacked, wrapper), WRAPPER, { mode: 0o755 });
  },
  tryOut: (unpacked) => promisify(execFile)(join(unpacked, wrapper), ['--version']),
};

export function unpackedRedisServer(): string | undefined {
  const server = join(homeOf(REDIS.name), wrapper);
  return existsSync(server) ? server : undefined;
}

/** Fetches Debian's or Ubuntu's redis-server and unpacks it under .gatehouse. */
export async function fetchRedisFromDebian(): Promise<string> {
  process.stdout.write('Fetching Redis from the distribution, once ...\n');
  try {
    await fetchFromDebian(REDIS);
    return join(homeOf(REDIS.name), wrapper);
  } catch (error) {
    throw explained(error as Error & { stderr?: string });
  }
}

function explained(error: Error & { stderr?: string }): Error {
  const output = error.stderr ?? error.message;
  return new Refusal(
    causeInOutput(output) ??
      `Redis is missing and could not be fetched from the distribution. Check the network, or install it ` +
        `(sudo apt-get install redis-server), or set REDIS_URL to a Redis of your own.\n${output.trim()}`,
  );
}
