// Sends what it is told to over IPC, and tells how long answers took: the process of a DistantWire.
import { Wire } from '../support/wire.js';
import type { Errand, Run } from './distant-wire.js';

async function run({ url, connections, all }: Errand): Promise<Run> {
  const wire = new Wire(url, connections);
  await wire.send(all);
  wire.close();
  return { times: wire.times, refused: wire.refused };
}

process.on('message', (errand: Errand) => void run(errand).then((seen) => process.send?.(seen)));
process.send?.({ type: 'ready' });
