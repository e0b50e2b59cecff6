import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { commandOf } from './processes/process-table.js';
import { Refusal } from './refusal.js';

/**
 * Makes this the only running Gatehouse of the clone; returns the release. A file left by one that was killed is taken
 * over: its pid is nobody's, or that of a program that is none of ours.
 */
export function takeInstanceLock(file: string): () => void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw error;
    }
    const pid = Number(readFileSync(file, 'utf8'));
    if (isOurs(pid)) {
      throw new Refusal(
        `Gatehouse already runs from this clone (process ${pid}): .gatehouse/runtime.json says where. ` +
          'Stop it with Ctrl-C in its terminal, or start from another clone.',
      );
    }
    rmSync(file, { force: true });
  }
}

function isOurs(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  return /apps\/local\/(start|dev)\.js/.test(commandOf(pid) ?? '');
}
