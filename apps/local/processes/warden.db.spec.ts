import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../paths.js';

/** Starts a Redis as any launcher does, says where, and waits to be killed. */
const LAUNCHER = `
  const { startRedis } = await import(process.env.REDIS_PART);
  const { removeAtExit } = await import(process.env.GUARD);
  const server = process.env.GATEHOUSE_TEST_REDIS_SERVER;
  const { port } = await startRedis({ directory: process.env.DIRECTORY, durable: false, server });
  removeAtExit(process.env.DOOMED);
  console.log(JSON.stringify({ port }));
  setInterval(() => {}, 1000);
`;

it('stops and removes what a launcher left that was killed without a chance', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warden-'));
  const doomed = join(directory, 'doomed');
  writeFileSync(doomed, '');
  const env = {
    ...process.env,
    REDIS_PART: program('apps/local/parts/redis.js'),
    GUARD: program('apps/local/processes/guard.js'),
    DIRECTORY: directory,
    DOOMED: doomed,
  };
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', LAUNCHER], { env });
  const [line] = (await once(launcher.stdout, 'data')) as [Buffer];
  const { port } = JSON.parse(line.toString()) as { port: number };
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');

  launcher.kill('SIGKILL');
  await once(socket.resume(), 'close');

  // Files go last: when this one has, everything else has, too. The test's timeout is the limit.
  while (existsSync(doomed)) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(existsSync(doomed)).toBe(false);
});
