import { Actor, newId, SystemDatabase } from '#platform';
import { LicensingConfig, LICENSING_ENTITIES } from '#licensing';
import { RegisterTenant, TENANCY_ENTITIES } from '#tenancy';
import { membersWorld } from '../testing/members-world.js';
import { ServiceAccount } from '../domain/service-account.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { SessionEnds } from '../persistence/session-ends.js';
import { TokenEpochChanges } from '../persistence/token-epoch-changes.js';
import { TokenEpochs } from '../persistence/token-epochs.js';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { MintApiKey } from '../service-accounts/mint-api-key.js';
import { EndedSessions } from '../sessions/ended-sessions.js';
import { MemberEpochs, memberKey } from '../tokens/epochs.js';
import { ManageApiKeys } from './manage-api-keys.js';
import { OutdateTokens } from './outdate-tokens.js';
import { PutOutMember } from './put-out-member.js';
import { ReadPeople } from './read-people.js';

const SCOPES = ['licenses:read'];

const world = membersWorld({
  concerns: [LicensingConfig],
  entities: [...TENANCY_ENTITIES, ...LICENSING_ENTITIES],
  registerTenant: RegisterTenant,
});
const { clock, founder, session } = world;
const seconds = () => Math.floor(clock.now().getTime() / 1_000);
/** Everything that is to be found. */
const EVER = new Date('2026-01-01T00:00:00Z');

/** A key of a service account, by whoever made it. */
async function key(by: Actor, account?: ServiceAccount) {
  const maker = { type: 'user', id: by.id };
  return world.db.transaction(by, async () => {
    const of =
      account ??
      ServiceAccount.create(
        { tenantId: by.tenantId ?? '', name: 'Robot', scopes: SCOPES, jwks: [], by: maker },
        clock.now(),
      );
    if (!account) await world.app.get(ServiceAccounts).insert(of);
    const minted = await world.app.get(MintApiKey).execute(of, { name: 'One', scopes: SCOPES, by: maker });
    return { account: of, ...minted };
  });
}

const works = (text: string) =>
  world.app
    .get(ApiKeys)
    .authenticate(Actor.anonymous({ traceId: 'f'.repeat(32), address: null }), text)
    .then(
      () => true,
      () => false,
    );

/** As another process finds it, which nobody told. */
async function foundByLook(tenantId: string, userId: string, from = '0') {
  const { changes, nextFrom } = await world.app.get(TokenEpochChanges).since(from, EVER, 1_000);
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

    const putOut = world.app.get(PutOutMember);
    const done = await world.db.transaction(ada, () => putOut.begin(bob.id ?? ''));
    const { rows } = await world.owner.query(
      'select id, end_reason from identity.auth_sessions where id = any ($1) and ended_at is not null order by id',
      [[first, second, adas, another]],
    );
    expect(rows).toEqual([first, second].sort().map((id) => ({ id, end_reason: 'membership_ended' })));
    putOut.finish(done);

    expect(world.app.get(EndedSessions).has(first, seconds())).toBe(true);
    expect(world.app.get(EndedSessions).has(another, seconds())).toBe(false);
    const isOver = (tenant: string) =>
      world.app.get(MemberEpochs).isOver(memberKey(tenant, bob.id ?? ''), 0, seconds());
    expect([isOver(tenantId), isOver(elsewhere.tenantId ?? '')]).toEqual([true, false]);
    expect(await Promise.all([theirs, onHers, hers].map(({ text }) => works(text)))).toEqual([
      false,
      false,
      true,
    ]);
    // What was given for a key of theirs ends, also where the account is not theirs.
    const { rows: epochs } = await world.owner.query<{ epoch: number }>(
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
    await world.owner.query(
      `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, 'admin', now())`,
      [ada.tenantId, newId('mem'), bob.id],
    );
    const make = () => world.app.get(ManageApiKeys).create(bob, account.id, { name: 'Mine', scopes: SCOPES });
    await make();
    const putOut = world.db.transaction(ada, async () => {
      await world.db.query('delete from tenancy.memberships where tenant_id = $1 and user_id = $2', [
        ...[ada.tenantId, bob.id],
      ]);
      return world.app.get(PutOutMember).begin(bob.id ?? '');
    });
    const tries = await Promise.allSettled([putOut, ...Array.from({ length: 8 }, make)]);
    expect(tries[0]?.status).toBe('fulfilled');
    await expect(make()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { rows } = await world.owner.query(
      'select id from identity.service_account_tokens where created_by_id = $1 and revoked_at is null',
      [bob.id],
    );
    expect(rows).toEqual([]);
  });

  it('is found by processes that nobody told', async () => {
    const ada = await founder();
    const bob = ada.as({ id: newId('usr') });
    const id = await session(bob);
    await world.db.transaction(ada, () => world.app.get(PutOutMember).begin(bob.id ?? ''));
    expect((await foundByLook(ada.tenantId ?? '', bob.id ?? '')).epoch).toBe(1);
    const { sessions } = await world.app.get(SessionEnds).since('0', EVER, 1_000);
    expect(sessions.map((one) => one.id)).toContain(id);
  });

  it('stays one where the transaction comes to nothing', async () => {
    const ada = await founder();
    const bob = ada.as({ id: newId('usr') });
    const id = await session(bob);
    const { text } = await key(bob);
    await expect(
      world.db.transaction(ada, async () => {
        await world.app.get(PutOutMember).begin(bob.id ?? '');
        throw new Error('The last owner stays.');
      }),
    ).rejects.toThrow('The last owner stays.');
    expect((await foundByLook(ada.tenantId ?? '', bob.id ?? '')).epoch).toBeNull();
    const { rows } = await world.owner.query('select ended_at from identity.auth_sessions where id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ ended_at: null }]);
    expect(await works(text)).toBe(true);
  });
});

describe('access tokens that are outdated', () => {
  it('are those of the people that are named, in the tenant, from one epoch to the next', async () => {
    const [ada, mallory] = [await founder(), await founder()];
    const [bob, eve] = [newId('usr'), newId('usr')];
    const outdate = world.app.get(OutdateTokens);
    const raise = (...ids: string[]) => world.db.transaction(ada, () => outdate.begin(ids));
    expect((await raise(bob, eve, bob)).map(({ epoch }) => epoch)).toEqual([1, 1]);
    const again = await raise(bob);
    expect(again).toEqual([{ tenantId: ada.tenantId, userId: bob, epoch: 2 }]);
    expect(await raise()).toEqual([]);
    expect(await world.app.get(TokenEpochs).of(ada.as({ id: bob }))).toBe(2);
    expect(await world.app.get(TokenEpochs).of(mallory.as({ id: bob }))).toBe(0);

    outdate.finish(again);
    const isOver = (epoch: number) =>
      world.app.get(MemberEpochs).isOver(memberKey(ada.tenantId ?? '', bob), epoch, seconds());
    expect([isOver(1), isOver(2)]).toEqual([true, false]);
  });

  it('are not missed when a transaction began early and ends late', async () => {
    const ada = await founder();
    const [slow, quick] = [newId('usr'), newId('usr')];
    const client = await world.owner.connect();
    try {
      await client.query('begin');
      await client.query('insert into identity.token_epochs (tenant_id, user_id, epoch) values ($1, $2, 1)', [
        ...[ada.tenantId, slow],
      ]);
      await world.db.transaction(ada, () => world.app.get(OutdateTokens).begin([quick]));
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
        world.db.transaction(ada, () =>
          world.app.get(OutdateTokens).begin(i % 2 ? people : [...people].reverse()),
        ),
      ),
    );
    expect(await world.app.get(TokenEpochs).of(ada.as({ id: people[0] }))).toBe(12);
  });
});

describe('the people of an organisation', () => {
  it('are read by id, with what they call themselves; who has gone is not there', async () => {
    const ada = await founder();
    const [bob, eve] = [newId('usr'), newId('usr')];
    await world.owner.query(
      `insert into identity.users (id, email, email_verified, display_name, registered_with, created_at)
       values ($1, 'bob@acme.example', true, 'Robert', 'password', now()), ($2, 'eve@acme.example', false, null, 'password', now())`,
      [bob, eve],
    );
    await world.owner.query(
      `insert into identity.user_profiles (user_id, display_name, updated_at) values ($1, 'Bob', now())`,
      [bob],
    );
    const people = await world.app.get(ReadPeople).execute(ada, [bob, eve, newId('usr')]);
    expect(Object.fromEntries(people)).toEqual({
      [bob]: { email: 'bob@acme.example', emailVerified: true, displayName: 'Bob' },
      [eve]: { email: 'eve@acme.example', emailVerified: false, displayName: null },
    });
    expect((await world.app.get(ReadPeople).execute(ada, [])).size).toBe(0);
    await expect(
      world.app.get(SystemDatabase).query('select locale from identity.user_profiles'),
    ).rejects.toThrow('permission denied');
  });
});
