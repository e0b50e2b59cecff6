import { randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, ManualClock, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { KnownDevices } from './known-devices.js';

describe('the devices of a person', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('are remembered up to a hundred; the one that was not seen for longest is forgotten for a new one', async () => {
    const [db, clock] = [app.get(Db), new ManualClock()];
    const devices = new KnownDevices(db, clock);
    const somebody = () => Actor.system(null, 'trace').as({ type: 'user', id: newId('usr') });
    /** Whether it is a new one. */
    const see = (person: Actor, device: Buffer) => {
      clock.advance(1);
      return db.transaction(person, () => devices.see(device));
    };
    const [person, other] = [somebody(), somebody()];
    const [first, second, ...rest] = Array.from({ length: 100 }, () => randomBytes(32));
    expect(await see(person, first!)).toBe(false);
    for (const device of [second!, ...rest]) expect(await see(person, device)).toBe(true);
    await see(other, second!);

    // Seen again just now; so it is the second that goes.
    expect(await see(person, first!)).toBe(false);
    expect(await see(person, randomBytes(32))).toBe(true);
    expect(await see(person, first!)).toBe(false);
    expect(await see(person, rest.at(-1)!)).toBe(false);
    expect(await see(person, second!)).toBe(true);
    // Somebody else's are their own.
    expect(await see(other, second!)).toBe(false);
  });
});
