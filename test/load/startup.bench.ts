import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startProduct } from '../support/product.js';
import { cpuMsOf } from './cpu.js';
import { median, spread } from './figures.js';

const ROUNDS = 11;
interface Start {
  wallMs: number;
  cpuMs: number;
}

/** How long the API takes until it is ready, as a ratio to a bare Nest application with the same libraries. */
export async function startup(): Promise<void> {
  const product = await startProduct();
  const api = () => start('apps/api/main.js', product.env);
  const bare = () => start('test/load/bare-nest.js', {});
  try {
    await api();
    await bare();
    const rounds: [Start, Start][] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push([await api(), await bare()]);
    tell(
      'API ready, wall ms',
      rounds.map(([one]) => one.wallMs),
    );
    tell(
      'bare Nest ready, wall ms',
      rounds.map(([, other]) => other.wallMs),
    );
    tell(
      'ratio, wall',
      rounds.map(([one, other]) => one.wallMs / other.wallMs),
      2,
    );
    tell(
      'ratio, CPU',
      rounds.map(([one, other]) => one.cpuMs / other.cpuMs),
      2,
    );
    const ratio = median(rounds.map(([one, other]) => one.wallMs / other.wallMs));
    process.stdout.write(`  aim: at most 2.0; measured ${ratio.toFixed(2)}\n`);
  } finally {
    await product.stop();
  }
}

async function start(program: string, env: Record<string, string>): Promise<Start> {
  const began = performance.now();
  const child = fork(join(process.cwd(), 'dist', program), {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error(`${program} ended early.`))),
  ]);
  const wallMs = performance.now() - began;
  const cpuMs = cpuMsOf(child.pid ?? 0);
  child.kill('SIGKILL');
  await ended.catch(() => undefined);
  return { wallMs, cpuMs };
}

const tell = (what: string, values: number[], digits = 0) =>
  process.stdout.write(`  ${what.padEnd(28)} min median max  ${spread(values, digits)}\n`);
