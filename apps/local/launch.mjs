#!/usr/bin/env node
/**
 * `npm start` and its sisters begin here. Plain JavaScript without dependencies: it runs on an older Node than the
 * product, before anything is installed. It installs, builds, and hands over to dist/apps/local/<verb>.js on Node 24.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './launch/build.mjs';
import { install } from './launch/install.mjs';
import { findNode, refuseOldNode } from './launch/node.mjs';
import { restorePostgresLinks } from './launch/postgres-links.mjs';
import { runVerb } from './launch/run.mjs';
import { Stop } from './launch/stop.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [verb, ...args] = process.argv.slice(2);

try {
  refuseOldNode();
  refuseUnknownVerb();
  await install(root);
  restorePostgresLinks(root);
  const node = findNode(root);
  await build(root, node);
  process.exitCode = await runVerb(root, node, verb, args);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function refuseUnknownVerb() {
  const known = ['start', 'test', 'dev', 'demo', 'admin', 'check', 'bench', 'drill'].filter((name) =>
    existsSync(join(root, 'apps', 'local', `${name}.ts`)),
  );
  if (known.includes(verb)) return;
  throw new Stop(
    `${verb ? `There is no "${verb}" here` : 'Say what to run'}: npm ${known.map((name) => (name === 'start' || name === 'test' ? name : `run ${name}`)).join(', npm ')}.`,
  );
}
