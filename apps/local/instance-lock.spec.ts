import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeInstanceLock } from './instance-lock.js';

const newFile = () => join(mkdtempSync(join(tmpdir(), 'instance-')), 'start.pid');

describe('one Gatehouse for each clone', () => {
  it('is said to a second one', async () => {
    const other = spawn(process.execPath, [
      '-e',
      'console.log(1); setInterval(() => {}, 1000)',
      '/x/apps/local/start.js',
    ]);
    await once(other.stdout, 'data');
    const file = newFile();
    writeFileSync(file, String(other.pid));
    expect(() => takeInstanceLock(file)).toThrow(
      `Gatehouse already runs from this clone (process ${other.pid})`,
    );
    other.kill();
    await once(other, 'exit');
  });

  it('forgets one that was killed, and one whose pid is now somebody else', () => {
    const file = newFile();
    for (const pid of [spawnSync(process.execPath, ['-e', '']).pid, process.ppid, 'nonsense']) {
      writeFileSync(file, String(pid));
      const release = takeInstanceLock(file);
      expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
      release();
      expect(existsSync(file)).toBe(false);
    }
  });
});
