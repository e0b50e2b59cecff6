import { relative } from 'node:path';
import { Gatehouse } from './gatehouse.js';
import { runtimeFile, root } from './paths.js';
import { stopRequests } from './processes/stop-request.js';
import { runVerb, sentenceFor } from './refusal.js';
import type { Runtime } from './runtime-file.js';

const stop = stopRequests();
await runVerb(main);
process.exit();

async function main(): Promise<number> {
  const gatehouse = new Gatehouse(process.env);
  let code = 0;
  try {
    process.stdout.write('Starting ...\n');
    const started = await Promise.race([gatehouse.start(), stop.first]);
    if (typeof started === 'object') {
      process.stdout.write(`${readyLine(started)}\n`);
      code = await untilTheEnd(gatehouse);
    }
  } catch (error) {
    process.stderr.write(`${sentenceFor(error)}\n`);
    code = 1;
  }
  if (gatehouse.isRunning) process.stdout.write('Stopping ...\n');
  await Promise.race([gatehouse.stop(), stop.second.then(() => gatehouse.kill())]);
  return code;
}

async function untilTheEnd(gatehouse: Gatehouse): Promise<number> {
  const sentence = await Promise.race([gatehouse.died, stop.first.then(() => undefined)]);
  if (sentence === undefined) return 0;
  process.stderr.write(`${sentence}\n`);
  return 1;
}

function readyLine({ api, mail }: Runtime): string {
  const page = mail.url ? `, mail ${mail.url}` : '';
  return `Gatehouse is ready: API ${api.url}, docs ${api.url}/docs${page}, parts in ${relative(root, runtimeFile)} (Ctrl-C stops all)`;
}
