import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { BilledUsage } from '../persistence/billed-usage.js';
import type { BillingAccess } from './billing-access.js';
import { BilledUsageInput, ReadBilledUsage } from './read-billed-usage.js';

describe('what was used of billed meters, page by page', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let usage: BilledUsage;
  let read: ReadBilledUsage;
  let actor: Actor;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    usage = new BilledUsage(app.get(Db));
    read = new ReadBilledUsage({ mayRead() {} } as unknown as BillingAccess, usage);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
  beforeEach(() => void (actor = Actor.system(newId('ten'), 'trace')));

  const record = (text: string, meter = 'commands') => {
    const usedAt = new Date(text);
    const use = { meter, useKey: newId('use'), amount: 1, usedAt };
    return app.get(Db).transaction(actor, () => usage.record(use, usedAt));
  };
  /** Months and meters of each page, to the last. */
  const pages = async (limit = 50): Promise<string[][]> => {
    const all: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await read.execute(actor, BilledUsageInput.parse({ limit, cursor }));
      all.push(page.data.map(({ month, meter }) => `${month.toISOString().slice(0, 7)} ${meter}`));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    return all;
  };

  it('is of a year at most, back from the newest month that is left, and no page is empty', async () => {
    expect(await pages()).toEqual([[]]);
    for (const at of ['2026-03-31T23:59:59Z', '2025-04-01T00:00:00Z', '2025-03-31T23:59:59Z'])
      await record(at);
    // Long nothing.
    await record('2021-06-15T00:00:00Z');
    expect(await pages()).toEqual([
      ['2026-03 commands', '2025-04 commands'],
      ['2025-03 commands'],
      ['2021-06 commands'],
    ]);
  });

  it('leaves out nothing of a month that a page has told half of', async () => {
    for (const meter of ['a', 'b', 'c']) await record('2026-03-10T00:00:00Z', meter);
    await record('2025-03-10T00:00:00Z', 'a');
    expect(await pages(2)).toEqual([
      ['2026-03 a', '2026-03 b'],
      ['2026-03 c', '2025-03 a'],
    ]);
    expect(await pages(3)).toEqual([['2026-03 a', '2026-03 b', '2026-03 c'], ['2025-03 a']]);
  });
});
