/**
 * Writes the vectors, from the repository's root after a build: `node dist/test/vectors/generate.js`. Specs compare the
 * files with what this makes.
 */
import { writeFileSync } from 'node:fs';
import { changes } from './lease-state/changes.js';
import { clocks } from './lease-state/clocks.js';
import { limits } from './lease-state/limits.js';
import { revisions } from './lease-state/revisions.js';
import { ACTIVE } from './lease-state/scenario.js';
import { seats } from './lease-state/seats.js';
import { timeTold } from './lease-state/time-told.js';
import { leases } from './leases.js';

export const FILES = {
  'lease-state.json': {
    about:
      'One evaluation each of what a client may do; libs/sdk/src/lease-state.ts says the rules. Every lease, cached or answered, is lease_defaults with its own members on top. Times are ISO 8601, UTC; keep.lease says which of the two leases is kept.',
    lease_defaults: ACTIVE,
    vectors: [...limits, ...seats, ...changes, ...clocks, ...revisions, ...timeTold],
  },
  'lease.json': leases,
};

if (import.meta.main) {
  const { format } = await import('prettier');
  for (const [name, content] of Object.entries(FILES)) {
    const text = await format(JSON.stringify(content), { parser: 'json', printWidth: 110 });
    writeFileSync(`test/vectors/${name}`, text);
  }
}
