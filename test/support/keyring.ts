import { randomBytes } from 'node:crypto';
import { type DatabaseConfig, ManualClock, SealedBox, type SecretsConfig, SystemDatabase } from '#platform';
import type { TestDatabase } from './database.js';

/** Says nothing. */
export const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What keys need around them, over a database of the test's own. */
export function keySurroundings(database: TestDatabase) {
  const system = new SystemDatabase({ systemUrl: database.systemUrl } as DatabaseConfig);
  return {
    system,
    clock: new ManualClock(new Date('2026-05-01T00:00:00Z')),
    box: new SealedBox({ key: randomBytes(32) } as SecretsConfig),
    close: () => system.onApplicationShutdown(),
  };
}
