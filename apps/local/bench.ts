import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './parts/part.js';
import { program } from './paths.js';
import { forget, removeAtExit, watch } from './processes/guard.js';
import { runVerb } from './refusal.js';
import { testEnvironment } from './test-environment.js';
import { startTestParts } from './test-parts.js';

/** Runs the benchmarks, or those named, on parts of their own. */
await runVerb(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  removeAtExit(directory);
  chmodSync(directory, 0o711); // PostgreSQL may run as another user than we do
  const running: Part[] = [];
  try {
    const parts = await startTestParts(directory, process.env, process.argv, running);
    const bench = spawn(process.execPath, [program('test/load/bench.js'), ...process.argv.slice(2)], {
      env: testEnvironment(process.env, parts),
      stdio: 'inherit',
    });
    watch(bench.pid!, 'SIGTERM');
    const [code] = (await once(bench, 'exit')) as [number | null];
    forget(bench.pid!);
    return code ?? 1;
  } finally {
    await Promise.all(running.map((part) => part.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
});
process.exit();
