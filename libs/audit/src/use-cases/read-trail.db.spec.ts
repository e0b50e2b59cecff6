import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, type DeliveredEvent, newId } from '#platform';
import type { SeatsRecorded } from '#licensing/events';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { connected } from '../../../../test/support/tables.js';
import type { AuditEntry } from '../domain/entry.js';
import { RecordSeats } from '../handlers/record-seats.js';
import { Entries } from '../persistence/entries.js';
import { ReadTrail } from './read-trail.js';

const AT = new Date('2026-11-22T09:30:00.123Z');
/** The same as a cursor writes it. */
const MICROS = '2026-11-22T09:30:00.123000Z';

describe('the audit trail', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let entries: Entries;
  let trail: ReadTrail;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    db = app.get(Db);
    entries = new Entries(db);
    trail = new ReadTrail(entries);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const owner = () =>
    new Actor({
      type: 'user',
      id: newId('usr'),
      tenantId: newId('ten'),
      scopes: ['audit:read'],
      origin: { traceId: 'trace', address: null },
    });
  const entry = (id: string, change: Partial<AuditEntry> = {}): AuditEntry => ({
    id,
    actor: { type: 'user', id: 'usr_1' },
    userId: 'usr_1',
    action: 'SEAT_ACQUIRED',
    subject: null,
    outcome: 'success',
    metadata: {},
    address: null,
    traceId: 'trace',
    createdAt: AT,
    ...change,
  });
  const append = (actor: Actor, ...list: AuditEntry[]) => db.transaction(actor, () => entries.append(list));
  const read = (actor: Actor, input: { limit?: number; cursor?: string; action?: string } = {}) =>
    trail.execute(actor, { limit: 50, ...input });

  it('gives pages that meet without a gap or a repetition, also among entries of one instant', async () => {
    const actor = owner();
    const ids = Array.from({ length: 23 }, (_, i) => `aud_${String(i).padStart(3, '0')}`);
    await append(actor, ...ids.map((id, i) => entry(id, { createdAt: new Date(AT.getTime() + (i % 3)) })));
    const all = (await read(actor)).data.map((row) => row.id);
    expect([...all].sort()).toEqual(ids);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await read(actor, { limit: 4, cursor });
      paged.push(...page.data.map((row) => row.id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(paged).toEqual(all);
  });

  it('holds what is told twice once', async () => {
    const actor = owner();
    await append(actor, entry('aud_1'), entry('aud_2'));
    await append(actor, entry('aud_2', { action: 'CHANGED' }), entry('aud_3'));
    expect((await read(actor)).data.map((row) => [row.id, row.action])).toEqual([
      ['aud_3', 'SEAT_ACQUIRED'],
      ['aud_2', 'SEAT_ACQUIRED'],
      ['aud_1', 'SEAT_ACQUIRED'],
    ]);
  });

  it('is read by its tenant alone, with the scope, and by action', async () => {
    const [ours, theirs] = [owner(), owner()];
    await append(ours, entry('aud_1'), entry('aud_2', { action: 'SEAT_RELEASED' }));
    expect((await read(theirs)).data).toEqual([]);
    expect((await read(ours, { action: 'SEAT_RELEASED' })).data.map((row) => row.id)).toEqual(['aud_2']);
    await expect(read(ours.as({ scopes: [] }))).rejects.toMatchObject({ code: 'MISSING_SCOPE', status: 403 });
  });

  const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  it('takes a cursor of its own making', async () => {
    expect((await read(owner(), { cursor: cursorOf([MICROS, 'aud_1']) })).data).toEqual([]);
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['no pair', cursorOf({ at: AT })],
    ['a day that is not in its month', cursorOf(['2026-02-30T00:00:00.000000Z', 'aud_1'])],
    ['an instant past PostgreSQL’s', cursorOf(['999999-01-01T00:00:00.000000Z', 'aud_1'])],
    ['an id with NUL', cursorOf([MICROS, 'aud_\0'])],
    ['SQL', cursorOf([MICROS, `' or true --`])],
  ])('refuses a cursor that is %s, with a 422', async (_, cursor) => {
    await expect(read(owner(), { cursor })).rejects.toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
  });

  it('is changed and shortened by nobody: neither role may, row or no row', async () => {
    await append(owner(), entry('aud_1'));
    for (const url of [database.url, database.systemUrl]) {
      const client = await connected(url);
      for (const sql of [
        `update audit.entries set action = 'X'`,
        'delete from audit.entries',
        'truncate audit.entries',
        'drop table audit.entries',
      ]) {
        await expect(client.query(sql)).rejects.toThrow(/permission denied|must be owner/);
      }
      await client.end();
    }
  });

  it('tells of refused seats once a minute and pool, with their number', async () => {
    const actor = owner();
    const [pool, other] = [newId('lic'), newId('lic')];
    const refused = (n: number, licenseId: string, at: string) => ({
      ledgerId: `3-${n}`,
      change: 'refused' as const,
      licenseId,
      seatId: null,
      device: 'd',
      userId: null,
      traceId: 'trace',
      address: null,
      at,
    });
    const acquired = {
      ...refused(9, pool, '2026-11-22T09:30:59.000Z'),
      change: 'acquired' as const,
      seatId: 's',
    };
    const payload = {
      entries: [
        refused(1, pool, '2026-11-22T09:30:01.000Z'),
        refused(2, pool, '2026-11-22T09:30:02.000Z'),
        refused(3, other, '2026-11-22T09:30:03.000Z'),
        refused(4, pool, '2026-11-22T09:31:00.000Z'),
        acquired,
      ],
    };
    const handler = new RecordSeats(entries);
    const event = { payload } as DeliveredEvent<typeof SeatsRecorded>;
    await db.transaction(actor, () => handler.handle(event));
    const told = (await read(actor)).data.map((row) => [
      row.action,
      row.outcome,
      row.subject,
      row.metadata.count,
    ]);
    expect(told).toEqual([
      ['SEAT_REFUSED', 'refused', pool, 1],
      ['SEAT_ACQUIRED', 'success', pool, undefined],
      ['SEAT_REFUSED', 'refused', other, 1],
      ['SEAT_REFUSED', 'refused', pool, 2],
    ]);
  });
});
