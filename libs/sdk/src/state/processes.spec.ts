import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from './state-file.js';

// Node strips the types itself; what is left is that our imports name what the compiler will have made.
const RESOLVE = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier.startsWith('.') && context.parentURL?.endsWith('.ts') ? specifier.replace(/\\.js$/, '.ts') : specifier, context),
  });
`)}`;
const PROGRAM = `
  const { StateFile } = await import(${JSON.stringify(new URL('./state-file.ts', import.meta.url).href)});
  const codec = { format: JSON.stringify, parse: JSON.parse };
  const file = new StateFile(process.argv[1], 'count.json', codec);
`;

let directory: string;
let children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-processes-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await rm(directory, { recursive: true, force: true });
});

/** Another process with `file` at hand. */
function start(program: string): ChildProcess {
  const args = [
    '--no-warnings',
    '--import',
    RESOLVE,
    '--input-type=module',
    '--eval',
    PROGRAM + program,
    directory,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}
const exitOf = async (child: ChildProcess) => (await once(child, 'exit'))[0] as number | null;
const file = () =>
  new StateFile<{ count: number; filler: string }>(directory, 'count.json', {
    format: (value) => JSON.stringify(value),
    parse: (text) => JSON.parse(text) as { count: number; filler: string },
  });

describe('several processes', () => {
  it('lose no change of each other', async () => {
    const add = `for (let i = 0; i < 15; i++) await file.update((now) => ({ count: (now?.count ?? 0) + 1 }));`;
    const exits = await Promise.all(Array.from({ length: 3 }, () => exitOf(start(add))));
    expect(exits).toEqual([0, 0, 0]);
    expect((await file().read())?.count).toBe(45);
    expect(await readdir(directory)).toEqual(['count.json']);
  });

  it('see a whole file, whenever its writer is killed, and go on at once', async () => {
    const filler = 'x'.repeat(200_000);
    for (let round = 0; round < 3; round++) {
      const writer = start(`
        console.log('begun');
        for (let count = 0; ; count++) await file.write({ count, filler: 'x'.repeat(200_000) });
      `);
      await once(writer.stdout!, 'data');
      for (let looked = 0; looked < 20; looked++) {
        const seen = await file().read();
        if (seen) expect(seen.filler.length).toBe(filler.length);
      }
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      await file().update((now) => ({ count: 0, filler: now?.filler ?? filler }));
      expect((await file().read())?.filler.length).toBe(filler.length);
    }
    expect((await readdir(directory)).filter((name) => name.endsWith('.broken'))).toEqual([]);
  });

  it('take over from one that was killed inside', async () => {
    const holder = start(
      `await file.update(() => new Promise(() => { console.log('inside'); setInterval(() => 0, 1000); }));`,
    );
    await once(holder.stdout!, 'data');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await file().write({ count: 1, filler: '' });
    expect((await file().read())?.count).toBe(1);
  });
});
