import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Holders } from '../client/platform.js';
import {
  asObject,
  parseObject,
  readCount,
  readInstant,
  readList,
  readText,
  toInstant,
} from '../formats/claims.js';
import { ACROSS_A_CALL, isAlive } from './file-lock.js';
import { StateFile } from './state-file.js';

/** A program that uses the seat. */
interface Holder {
  id: string;
  pid: number;
  host: string;
  /** Epoch ms. */
  since: number;
}

/** Of a process on another machine with the same home nobody here knows whether it lives, ms. */
const FOREIGN_MS = 86_400_000;
const MAX_HOLDERS = 4096;

/**
 * `holders.json`: the programs of this machine that share one seat, since a device has one however many programs run.
 * The last to leave gives it back. One that was killed is noticed by its pid; at worst a seat lapses by itself.
 */
export function holdersFile(directory: string, now: () => number): Holders {
  // A seat is given back under the lock: whoever starts meanwhile has to wait for that.
  const file = new StateFile<readonly Holder[]>(directory, 'holders.json', { format, parse }, ACROSS_A_CALL);
  const me: Holder = { id: randomUUID(), pid: process.pid, host: hostname(), since: now() };
  const others = (all: readonly Holder[] | null) =>
    (all ?? []).filter((one) => one.id !== me.id && isPresent(one, now()));
  return {
    join: async () => {
      await file.update((all) => [...others(all), me]);
    },
    leave: async (last) => {
      await file.update(async (all) => {
        const left = others(all);
        if (left.length > 0) return left;
        await last();
        return null;
      });
    },
  };
}

const isPresent = ({ pid, host, since }: Holder, now: number): boolean =>
  host === hostname() ? isAlive(pid) : Math.abs(now - since) < FOREIGN_MS;

const format = (all: readonly Holder[]) =>
  `${JSON.stringify({ version: 1, holders: all.map((one) => ({ ...one, since: toInstant(one.since) })) })}\n`;

function parse(text: string): readonly Holder[] | null {
  const content = parseObject(text, 'holders.json');
  if (content['version'] !== 1) return null;
  return readList(content, 'holders', MAX_HOLDERS, (item) => {
    const holder = asObject(item, 'holder');
    return {
      id: readText(holder, 'id'),
      pid: readCount(holder, 'pid'),
      host: readText(holder, 'host'),
      since: readInstant(holder, 'since'),
    };
  });
}
