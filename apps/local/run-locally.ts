import { relative } from 'node:path';
import { Gatehouse } from './gatehouse.js';
import { root, runtimeFile } from './paths.js';
import { dismissWarden } from './processes/guard.js';
import { stopRequests } from './processes/stop-request.js';
import { runVerb, sentenceFor } from './refusal.js';
import type { Runtime } from './runtime-file.js';

/** Runs a whole Gatehouse until Ctrl-C or until a part dies, then exits. `onReady` is called once it serves. */
export async function runLocally(onReady: (gatehouse: Gatehouse) => void = () => {}): Promise<never> {
  const stop = stopRequests();
  await runVerb(async () => {
    const gatehouse = new Gatehouse(process.env);
    let code = 0;
    try {
      process.stdout.write('Starting ...\n');
      const started = await Promise.race([gatehouse.start(), stop.first]);
      if (typeof started === 'object') {
        process.stdout.write(`${readyLine(started)}\n`);
        onReady(gatehouse);
        code = await untilTheEnd(gatehouse, stop.first);
      }
    } catch (error) {
      process.stderr.write(`${sentenceFor(error)}\n`);
      code = 1;
    }
    if (gatehouse.isRunning) process.stdout.write('Stopping ...\n');
    await Promise.race([gatehouse.stop(), stop.second.then(() => gatehouse.kill())]);
    return code;
  });
  await dismissWarden();
  process.exit();
}

async function untilTheEnd(gatehouse: Gatehouse, stop: Promise<unknown>): Promise<number> {
  const alive = setInterval(() => {}, 2 ** 30); // neither signals nor parts keep us running
  const sentence = await Promise.race([gatehouse.died, stop.then(() => undefined)]);
  clearInterval(alive);
  if (sentence === undefined) return 0;
  process.stderr.write(`${sentence}\n`);
  return 1;
}

function readyLine({ api, mail, stripe }: Runtime): string {
  const page = `${mail.url ? `, mail ${mail.url}` : ''}${stripe.url ? `, Stripe ${stripe.url}` : ''}`;
  return `Gatehouse is ready: API ${api.url}, docs ${api.url}/docs${page}, parts in ${relative(root, runtimeFile)} (Ctrl-C stops all)`;
}
