import { identity } from './identity.bench.js';
import { seats } from './seats.bench.js';
import { startup } from './startup.bench.js';

/** Each prints its own table: a ratio to a named contestant, interleaved in the same run. */
const BENCHES: Record<string, () => Promise<void>> = { identity, seats, startup };

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  const bench = BENCHES[name];
  if (!bench) throw new Error(`There is no benchmark ${name}; there are ${Object.keys(BENCHES).join(', ')}.`);
  process.stdout.write(`\n${name}\n`);
  await bench();
}
