import { randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { Pepper } from '../passwords/pepper.js';
import type { PasswordsConfig } from '../passwords/passwords.config.js';
import { Passwords } from './passwords.js';

describe('passwords', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    db = app.get(Db);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const [first, second, third] = [1, 2, 3].map((id) => [id, randomBytes(32)] as const);
  const under = (...keys: (readonly [number, Buffer] | undefined)[]) => {
    const pepper = new Pepper({
      keys: new Map(keys.filter((key) => key !== undefined)),
    } as unknown as PasswordsConfig);
    return { pepper, passwords: new Passwords(db, pepper) };
  };
  const somebody = () => Actor.system(null, 'trace').as({ type: 'user', id: newId('usr') });
  const day = (number: number) => new Date(Date.UTC(2026, 0, number));
  const put = (of: ReturnType<typeof under>, person: Actor, hash: string, at: Date) =>
    db.transaction(person, () =>
      of.passwords.put({ rule: 'argon2id', sealed: of.pepper.seal(hash, person.id ?? '') }, at),
    );

  it('that are remembered move to a newer pepper with the present one, by a sign-in and by a new one', async () => {
    const person = somebody();
    const old = under(first);
    await put(old, person, 'a', day(1));
    await put(old, person, 'b', day(2));
    const rotated = under(second, first);
    const present = (await rotated.passwords.find(person))!;
    const sealed = rotated.pepper.reseal(present.sealed, person.id ?? '')!;
    await rotated.passwords.renew(person, present, { ...present, sealed });
    expect(await kept(under(second), person)).toEqual([
      ['b', false],
      ['a', true],
    ]);

    await put(under(third, second), person, 'c', day(3));
    expect(await kept(under(third), person)).toEqual([
      ['c', false],
      ['b', true],
      ['a', true],
    ]);
  });

  it('whose key is gone are left as they are, and stop nobody from choosing another', async () => {
    const person = somebody();
    await put(under(first), person, 'a', day(1));
    const rotated = under(second);
    await put(rotated, person, 'b', day(2));
    const remembered = await rotated.passwords.remembered(person);
    expect(remembered.map((one) => [rotated.pepper.knows(one.sealed), one.isPast])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  async function kept({ pepper, passwords }: ReturnType<typeof under>, person: Actor) {
    const remembered = await passwords.remembered(person);
    return remembered.map(({ sealed, isPast }) => [pepper.open(sealed, person.id ?? ''), isPast]);
  }
});
