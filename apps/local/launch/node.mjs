import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Stop } from './stop.mjs';

const OLDEST = [20, 20];
const WANTED = 24;

export function refuseOldNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new Stop(
    `Gatehouse needs Node ${OLDEST.join('.')} or later to install itself, and this is ${version}: see https://nodejs.org/en/download.`,
  );
}

/** The Node the product runs on: this one when it is new enough, else the one that the lockfile brings. */
export function findNode(root) {
  if (Number(process.versions.node.split('.')[0]) >= WANTED) return process.execPath;
  const name = `${process.platform}-${process.arch}`;
  const packaged = [`node-${name}`, `node-bin-${name}`]
    .map((directory) => join(root, 'node_modules', directory, 'bin', 'node'))
    .find((path) => existsSync(path));
  if (packaged) return packaged;
  throw new Stop(
    `Gatehouse runs on Node ${WANTED}, this is ${process.versions.node}, and no Node ${WANTED} comes with it for ${name} ` +
      `(or npm left optional packages out): install Node ${WANTED} and run the command again.`,
  );
}
