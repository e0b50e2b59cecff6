/** `npm run dev`: like `npm start`, but every change of a source rebuilds dist and restarts API and worker. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Gatehouse } from './gatehouse.js';
import { root } from './paths.js';
import { sentenceFor } from './refusal.js';
import { runLocally } from './run-locally.js';

/** An editor saves several files, and each of them in several steps. */
const QUIET_MS = 150;
const WATCHED = ['apps', 'libs', 'migrations'];

type Build = { build(root: string, node: string): Promise<void> };

await runLocally((gatehouse) => {
  const rebuild = rebuilder(gatehouse);
  for (const directory of WATCHED) {
    watch(join(root, directory), { recursive: true }, (_, name) => {
      if (name && isSource(name)) rebuild(directory === 'migrations');
    });
  }
  process.stdout.write(`Watching ${WATCHED.join(', ')} ...\n`);
});

/** Not a test, and not what an editor writes beside the file. */
function isSource(name: string): boolean {
  return /\.(ts|lua|yaml|html|json)$/.test(name) && !name.endsWith('.spec.ts');
}

/** Returns what a change calls: one rebuild at a time, and one more when something changed meanwhile. */
function rebuilder(gatehouse: Gatehouse): (migrate: boolean) => void {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let migrate = false;
  const run = () => {
    running = running.then(() => {
      const wanted = migrate;
      migrate = false;
      return rebuild(gatehouse, wanted);
    });
  };
  return (migrationChanged) => {
    migrate ||= migrationChanged;
    clearTimeout(timer);
    timer = setTimeout(run, QUIET_MS);
  };
}

async function rebuild(gatehouse: Gatehouse, migrate: boolean): Promise<void> {
  const startedAt = performance.now();
  try {
    // The launcher's own build, from its source: it replaces dist file by file.
    const launcher = pathToFileURL(join(root, 'apps', 'local', 'launch', 'build.mjs')).href;
    const { build } = (await import(launcher)) as Build;
    await build(root, process.execPath);
    if (await gatehouse.restartProduct({ migrate })) {
      process.stdout.write(`Restarted after ${Math.round(performance.now() - startedAt)} ms.\n`);
    }
  } catch (error) {
    // A mistake in a source is what this command is for: say it and wait for the next change.
    process.stderr.write(`${sentenceFor(error)}\nWaiting for the next change ...\n`);
  }
}
