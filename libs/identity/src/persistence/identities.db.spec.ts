import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, ManualClock, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';
import { Identities } from './identities.js';

const ISSUER = 'firebase:demo';

describe('identities', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let identities: Identities;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    db = app.get(Db);
    identities = new Identities(db, clock);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const nobody = Actor.system(null, 'trace');
  const somebody = () => nobody.as({ type: 'user', id: newId('usr') });
  const by = (provider: string, account: string, subject = newId('sub')): UpstreamPerson => ({
    connection: `${ISSUER}:${provider}`,
    subject,
    provider,
    issuer: ISSUER,
    account,
    email: 'ada@example.com',
    emailVerified: true,
    displayName: null,
    authTime: clock.now(),
  });
  const as = <T>(person: Actor, work: () => Promise<T>) => db.transaction(person, work);
  const holderOf = (account: string) => identities.holderOf(nobody, { issuer: ISSUER, account });

  it('is linked to one of twenty who take it at once, and whole', async () => {
    const people = Array.from({ length: 20 }, somebody);
    const identity = by('github.com', newId('uid'));
    const linked = await Promise.all(people.map((one) => as(one, () => identities.link(identity, null))));
    const winners = people.filter((_, i) => linked[i]);
    expect(winners).toHaveLength(1);
    expect(await identities.ownerOf(nobody, identity)).toBe(winners[0]!.id);
    const lists = await Promise.all(people.map((one) => identities.list(one)));
    expect(lists.map((list) => list.length).reduce((a, b) => a + b)).toBe(1);
  });

  it('shows nobody those of others', async () => {
    const [ada, eve] = [somebody(), somebody()];
    const linked = (await as(ada, () => identities.link(by('google.com', newId('uid')), null)))!;
    expect(await identities.list(eve)).toEqual([]);
    await as(eve, () => identities.unlink(linked));
    expect(await identities.list(ada)).toHaveLength(1);
    expect(await identities.ownerOf(nobody, linked)).toBe(ada.id);
  });

  it('gives an account of the issuer to who came by it last, and lets go of it with the last identity', async () => {
    const [early, late] = [somebody(), somebody()];
    const uid = newId('uid');
    const github = by('github.com', uid);
    await as(early, () => identities.link(github, null));
    expect(await holderOf(uid)).toBe(early.id);
    const google = (await as(late, () => identities.link(by('google.com', uid), null)))!;
    expect(await holderOf(uid)).toBe(late.id);
    expect(await identities.withAccountAt(nobody, ISSUER, [early.id!, late.id!])).toEqual([late.id]);

    const other = (await as(late, () => identities.link(by('microsoft.com', uid), null)))!;
    expect(await as(late, () => identities.unlink(google))).toEqual([]);
    expect(await holderOf(uid)).toBe(late.id);
    const released = await as(late, () => identities.unlink(other));
    expect(released).toMatchObject([{ issuer: ISSUER, account: uid }]);
    expect(await holderOf(uid)).toBeNull();
  });

  it('follows a person whose account at the issuer was made anew', async () => {
    const ada = somebody();
    const [before, after] = [newId('uid'), newId('uid')];
    const google = by('google.com', before);
    await as(ada, () => identities.link(google, null));
    clock.advance(1_000);
    await as(ada, () => identities.used({ ...google, account: after, email: 'ada@new.example' }));
    expect([await holderOf(before), await holderOf(after)]).toEqual([null, ada.id]);
    expect(await identities.list(ada)).toMatchObject([
      { account: after, email: 'ada@new.example', lastUsedAt: clock.now() },
    ]);
  });
});
