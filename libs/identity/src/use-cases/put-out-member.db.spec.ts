import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { Actor, Db, generateSecrets, ManualClock, newId, SystemDatabase } from '#platform';
import { LicensingConfig, LICENSING_ENTITIES, LicensingModule } from '#licensing';
import { RegisterTenant, TENANCY_ENTITIES, TenancyModule } from '#tenancy';
import { application } from '../../../../test/support/application.js';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { ApiKey } from '../domain/api-key.js';
import { AuthSession } from '../domain/auth-session.js';
import { ServiceAccount } from '../domain/service-account.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { ServiceCredentials } from '../persistence/service-credentials.js';
import { SessionEnds } from '../persistence/session-ends.js';
import { TokenEpochChanges } from '../persistence/token-epoch-changes.js';
import { TokenEpochs } from '../persistence/token-epochs.js';
import { UserDirectory } from '../persistence/user-directory.js';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { MintApiKey } from '../service-accounts/mint-api-key.js';
import { ServiceAccountsConfig } from '../service-accounts/service-accounts.config.js';
import { Standings } from '../service-accounts/service-standing.js';
import { EndedSessions } from '../sessions/ended-sessions.js';
import { SessionActivity } from '../sessions/session-activity.js';
import { SessionNews } from '../sessions/session-news.js';
import { MemberEpochs, memberKey, ServiceEpochs } from '../tokens/epochs.js';
import { ManageApiKeys } from './manage-api-keys.js';
import { OutdateTokens } from './outdate-tokens.js';
import { PutOutMember } from './put-out-member.js';
import { ReadPeople } from './read-people.js';

const ROOMS = {
  concerns: [LicensingConfig, ServiceAccountsConfig],
  entities: [...TENANCY_ENTITIES, ...LICENSING_ENTITIES, ServiceAccount, ApiKey],
  imports: [TenancyModule, LicensingModule],
  providers: [
    ...[ServiceAccounts, ServiceCredentials, Standings, ServiceEpochs, ApiKeys, MintApiKey],
    ...[AuthSessions, SessionEnds, TokenEpochs, TokenEpochChanges, MemberEpochs, EndedSessions],
    ...[SessionActivity, SessionNews, OutdateTokens, PutOutMember, UserDirectory, ReadPeople],
    ManageApiKeys,
  ],
};
const SECRETS = ['SECRETS_KEY', 'LICENSE_LOOKUP_KEY', 'HARDWARE_KEY', 'SEAT_KEYS', 'AUTH_API_KEY_PEPPER'];
const SCOPES = ['licenses:read'];

let database: TestDatabase;
let redis: TestRedis;
let app: INestApplicationContext;
let db: Db;
let owner: pg.Pool;
const clock = new ManualClock(new Date('2026-11-22T12:00:00Z'));
const seconds = () => Math.floor(clock.now().getTime() / 1_000);
/** Everything that is to be found. */
const EVER = new Date('2026-01-01T00:00:00Z');

beforeAll(async () => {
  [database, redis] = await Promise.all([testDatabase(), testRedis()]);
  const secrets = generateSecrets();
  const variables = {
    ...{ ENV: 'test', REDIS_URL: redis.url },
    ...{ DATABASE_URL: database.url, DATABASE_SYSTEM_URL: database.systemUrl },
    ...Object.fromEntries(SECRETS.map((name) => [name, secrets[name] ?? ''])),
  };
  app = await application(ROOMS, variables, clock);
  db = app.get(Db);
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
}, 60_000);
afterAll(async () => {
  await owner?.end();
  await app?.close();
  await Promise.all([database?.drop(), redis?.drop()]);
}, 60_000);

/** Somebody in a tenant of their own. */
async function founder(): Promise<Actor> {
  const actor = Actor.anonymous({ traceId: 'f'.repeat(32), address: null }).as({
    ...{ type: 'user', id: newId('usr'), tenantId: newId('ten') },
  });
  await db.transaction(actor, () =>
    app.get(RegisterTenant, { strict: false }).execute({ name: 'Acme', ownerUserId: actor.id ?? '' }),
  );
  return actor;
}

async function session(of: Actor): Promise<string> {
  const one = AuthSession.start(
    {
      ...{ tenantId: of.tenantId ?? '', userId: of.id ?? '', provider: 'password', amr: ['pwd'] },
      ...of.origin,
    },
    clock.now(),
  );
  await db.transaction(of, () => app.get(AuthSessions).insert(one));
  return one.id;
}

/** A key of a service account, by whoever made it. */
async function key(by: Actor, account?: ServiceAccount) {
  const maker = { type: 'user', id: by.id };
  return db.transaction(by, async () => {
    const of =
      account ??
      ServiceAccount.create(
        { tenantId: by.tenantId ?? '', name: 'Robot', scopes: SCOPES, jwks: [], by: maker },
        clock.now(),
      );
    if (!account) await app.get(ServiceAccounts).insert(of);
    const minted = await app.get(MintApiKey).execute(of, { name: 'One', scopes: SCOPES, by: maker });
    return { account: of, ...minted };
  });
}

const works = (text: string) =>
  app
    .get(ApiKeys)
    .authenticate(Actor.anonymous({ traceId: 'f'.repeat(32), address: null }), text)
    .then(
      () => true,
      () => false,
    );

/** As another process finds it, which nobody told. */
async function foundByLook(tenantId: string, userId: string, from = '0') {
  const { changes, nextFrom } = await app.get(TokenEpochChanges).since(from, EVER, 1_000);
  const found = changes.find((one) => one.tenantId === tenantId && one.userId === userId);
  return { epoch: found?.epoch ?? null, nextFrom };
}

describe('somebody who is no member any more', () => {
  it('is signed out there and nowhere else, and their keys end; others stay', async () => {
    const [ada, elsewhere] = [await founder(), await founder()];
    const tenantId = ada.tenantId ?? '';
    const bob = ada.as({ id: newId('usr') });
    const [first, second, adas] = [await session(bob), await session(bob), await session(ada)];
    const another = await session(elsewhere.as({ id: bob.id }));
    const [theirs, hers] = [await key(bob), await key(ada)];
    const onHers = await key(bob, hers.account);
    for (const { text } of [theirs, hers, onHers]) expect(await works(text)).toBe(true);

    const putOut = app.get(PutOutMember);
    const done = await db.transaction(ada, () => putOut.begin(bob.id ?? ''));
    const { rows } = await owner.query(
      'select id, end_reason from identity.auth_sessions where id = any ($1) and ended_at is not null order by id',
      [[first, second, adas, another]],
    );
    expect(rows).toEqual([first, second].sort().map((id) => ({ id, end_reason: 'membership_ended' })));
    putOut.finish(done);

    expect(app.get(EndedSessions).has(first, seconds())).toBe(true);
    expect(app.get(EndedSessions).has(another, seconds())).toBe(false);
    const isOver = (tenant: string) =>
      app.get(MemberEpochs).isOver(memberKey(tenant, bob.id ?? ''), 0, seconds());
    expect([isOver(tenantId), isOver(elsewhere.tenantId ?? '')]).toEqual([true, false]);
    expect(await Promise.all([theirs, onHers, hers].map(({ text }) => works(text)))).toEqual([
      false,
      false,
      true,
    ]);
    // What was given for a key of theirs ends, also where the account is not theirs.
    const { rows: epochs } = await owner.query<{ epoch: number }>(
      'select epoch from identity.service_accounts where id = any ($1)',
      [[theirs.account.id, hers.account.id]],
    );
    expect(epochs.map(({ epoch }) => epoch)).toEqual([2, 2]);
  });

  it('makes no key that stays, however close they are', async () => {
    const ada = await founder();
    const { account } = await key(ada);
    const bob = ada.as({
      id: newId('usr'),
      scopes: ['service_accounts:manage', ...SCOPES],
      emailVerified: true,
    });
    await owner.query(
      `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, 'admin', now())`,
      [ada.tenantId, newId('mem'), bob.id],
    );
    const make = () => app.get(ManageApiKeys).create(bob, account.id, { name: 'Mine', scopes: SCOPES });
    await make();
    const putOut = db.transaction(ada, async () => {
      await db.query('delete from tenancy.memberships where tenant_id = $1 and user_id = $2', [
        ...[ada.tenantId, bob.id],
      ]);
      return app.get(PutOutMember).begin(bob.id ?? '');
    });
    const tries = await Promise.allSettled([putOut, ...Array.from({ length: 8 }, make)]);
    expect(tries[0]?.status).toBe('fulfilled');
    await expect(make()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { rows } = await owner.query(
      'select id from identity.service_account_tokens where created_by_id = $1 and revoked_at is null',
      [bob.id],
    );
    expect(rows).toEqual([]);
  });

  it('is found by processes that nobody told', async () => {
    const ada = await founder();
    const bob = ada.as({ id: newId('usr') });
    const id = await session(bob);
    await db.transaction(ada, () => app.get(PutOutMember).begin(bob.id ?? ''));
    expect((await foundByLook(ada.tenantId ?? '', bob.id ?? '')).epoch).toBe(1);
    const { sessions } = await app.get(SessionEnds).since('0', EVER, 1_000);
    expect(sessions.map((one) => one.id)).toContain(id);
  });

  it('stays one where the transaction comes to nothing', async () => {
    const ada = await founder();
    const bob = ada.as({ id: newId('usr') });
    const id = await session(bob);
    const { text } = await key(bob);
    await expect(
      db.transaction(ada, async () => {
        await app.get(PutOutMember).begin(bob.id ?? '');
        throw new Error('The last owner stays.');
      }),
    ).rejects.toThrow('The last owner stays.');
    expect((await foundByLook(ada.tenantId ?? '', bob.id ?? '')).epoch).toBeNull();
    const { rows } = await owner.query('select ended_at from identity.auth_sessions where id = $1', [id]);
    expect(rows).toEqual([{ ended_at: null }]);
    expect(await works(text)).toBe(true);
  });
});

describe('access tokens that are outdated', () => {
  it('are those of the people that are named, in the tenant, from one epoch to the next', async () => {
    const [ada, mallory] = [await founder(), await founder()];
    const [bob, eve] = [newId('usr'), newId('usr')];
    const outdate = app.get(OutdateTokens);
    const raise = (...ids: string[]) => db.transaction(ada, () => outdate.begin(ids));
    expect((await raise(bob, eve, bob)).map(({ epoch }) => epoch)).toEqual([1, 1]);
    const again = await raise(bob);
    expect(again).toEqual([{ tenantId: ada.tenantId, userId: bob, epoch: 2 }]);
    expect(await raise()).toEqual([]);
    expect(await app.get(TokenEpochs).of(ada.as({ id: bob }))).toBe(2);
    expect(await app.get(TokenEpochs).of(mallory.as({ id: bob }))).toBe(0);

    outdate.finish(again);
    const isOver = (epoch: number) =>
      app.get(MemberEpochs).isOver(memberKey(ada.tenantId ?? '', bob), epoch, seconds());
    expect([isOver(1), isOver(2)]).toEqual([true, false]);
  });

  it('are not missed when a transaction began early and ends late', async () => {
    const ada = await founder();
    const [slow, quick] = [newId('usr'), newId('usr')];
    const client = await owner.connect();
    try {
      await client.query('begin');
      await client.query('insert into identity.token_epochs (tenant_id, user_id, epoch) values ($1, $2, 1)', [
        ...[ada.tenantId, slow],
      ]);
      await db.transaction(ada, () => app.get(OutdateTokens).begin([quick]));
      const tenantId = ada.tenantId ?? '';
      const { nextFrom } = await foundByLook(tenantId, quick);
      expect((await foundByLook(tenantId, slow)).epoch).toBeNull();
      await client.query('commit');
      expect((await foundByLook(tenantId, slow, nextFrom)).epoch).toBe(1);
    } finally {
      client.release();
    }
  });

  it('of many at once go up one by one', async () => {
    const ada = await founder();
    const people = [newId('usr'), newId('usr'), newId('usr')];
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        db.transaction(ada, () => app.get(OutdateTokens).begin(i % 2 ? people : [...people].reverse())),
      ),
    );
    expect(await app.get(TokenEpochs).of(ada.as({ id: people[0] }))).toBe(12);
  });
});

describe('the people of an organisation', () => {
  it('are read by id, with what they call themselves; who has gone is not there', async () => {
    const ada = await founder();
    const [bob, eve] = [newId('usr'), newId('usr')];
    await owner.query(
      `insert into identity.users (id, email, email_verified, display_name, registered_with, created_at)
       values ($1, 'bob@acme.example', true, 'Robert', 'password', now()), ($2, 'eve@acme.example', false, null, 'password', now())`,
      [bob, eve],
    );
    await owner.query(
      `insert into identity.user_profiles (user_id, display_name, updated_at) values ($1, 'Bob', now())`,
      [bob],
    );
    const people = await app.get(ReadPeople).execute(ada, [bob, eve, newId('usr')]);
    expect(Object.fromEntries(people)).toEqual({
      [bob]: { email: 'bob@acme.example', emailVerified: true, displayName: 'Bob' },
      [eve]: { email: 'eve@acme.example', emailVerified: false, displayName: null },
    });
    expect((await app.get(ReadPeople).execute(ada, [])).size).toBe(0);
    await expect(app.get(SystemDatabase).query('select locale from identity.user_profiles')).rejects.toThrow(
      'permission denied',
    );
  });
});
