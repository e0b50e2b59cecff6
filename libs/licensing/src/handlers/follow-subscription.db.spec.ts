import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, type DeliveredEvent, type Log, ManualClock, newId, type PayloadOf } from '#platform';
import { SubscriptionChanged } from '#billing/events';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { blockOf } from '../domain/block.js';
import { followerOf, License } from '../domain/license.js';
import { Licenses } from '../persistence/licenses.js';
import { poolPolicyOf } from '../seats/pool-policy.js';
import { writeLicense } from '../testing/licenses.js';
import { FollowSubscription } from './follow-subscription.js';

type Payload = PayloadOf<typeof SubscriptionChanged>;

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('a licence and what its tenant has bought (S1-51)', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let licenses: Licenses;
  let actor: Actor;
  let signedUpWith: string;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database, [License]);
    db = app.get(Db);
    licenses = new Licenses(db, clock);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    actor = Actor.system(newId('ten'), 'trace');
    signedUpWith = await issue(true);
  });

  const issue = (followsPurchase = false) =>
    db.transaction(actor, () =>
      writeLicense(licenses, actor.tenantId!, {}, clock.now(), null, { followsPurchase }),
    );

  async function bought(more: Partial<Payload>): Promise<void> {
    const payload: Payload = {
      revision: 1,
      subscriptionId: 'sub_1',
      state: 'active',
      reasons: [],
      access: 'full',
      plan: 'TEAM',
      interval: 'month',
      seats: 8,
      periodEnd: null,
      endsAt: null,
      offlineUntil: null,
      ...more,
    };
    const handler = new FollowSubscription(licenses, clock, quiet);
    await db.transaction(actor, () =>
      handler.handle({ payload } as DeliveredEvent<typeof SubscriptionChanged>),
    );
  }

  const rows = async () => licenses.page(actor, null, 10);
  const seen = async () => {
    const [row] = await rows();
    return { tier: row!.tier, seats: row!.terms.seats, block: blockOf(row!) };
  };

  it('is on the plan, with the seats that are paid for', async () => {
    await bought({});
    expect(await seen()).toEqual({ tier: 'TEAM', seats: 8, block: null });
    await bought({ revision: 2, seats: 12 });
    expect(await seen()).toMatchObject({ seats: 12 });
  });

  it('is Free while that is not paid, suspended after that, and all back when it is', async () => {
    await bought({});
    await bought({ revision: 2, state: 'restricted', access: 'free' });
    expect(await seen()).toEqual({ tier: 'FREE', seats: 1, block: null });
    await bought({ revision: 3, state: 'suspended', access: 'none' });
    expect(await seen()).toEqual({ tier: 'FREE', seats: 1, block: 'SUSPENDED' });
    await bought({ revision: 4 });
    expect(await seen()).toEqual({ tier: 'TEAM', seats: 8, block: null });
  });

  it('hears nothing that comes late', async () => {
    await bought({ revision: 5, state: 'cancelled', access: 'free', plan: 'FREE', seats: null });
    await bought({ revision: 4 });
    expect(await seen()).toMatchObject({ tier: 'FREE' });
  });

  it('signs nothing for longer than it is paid for', async () => {
    const until = new Date(clock.now().getTime() + 3_600_000);
    await bought({ state: 'ending', offlineUntil: until.toISOString() });
    expect(poolPolicyOf((await rows())[0]!, clock.now()).offlineUntil).toEqual(until);
  });

  it('is the first of the tenant; further ones are issued on terms of their own', async () => {
    await issue();
    await bought({});
    expect((await rows()).map((row) => row.tier).sort()).toEqual(['FREE', 'TEAM']);
    expect((await rows())[0]!.tier).toBe('TEAM');
  });

  it('leaves what operators issued as it is when the first has ended: a cancellation made Free of it', async () => {
    await bought({});
    await db.transaction(actor, async () => {
      const first = await licenses.lock(signedUpWith);
      first.revoke('a contract instead', clock.now());
      await licenses.save(first);
    });
    const agreed = await db.transaction(actor, () =>
      writeLicense(licenses, actor.tenantId!, {}, clock.now(), null, { tier: 'ENTERPRISE' }),
    );
    await bought({ revision: 2, state: 'cancelled', access: 'free', plan: 'FREE', seats: null });
    expect(await licenses.get(actor, agreed)).toMatchObject({ tier: 'ENTERPRISE', purchase: null });
  });

  it('is the first where none is said to be, and from then on (who signed up while it was rolled out got nothing for it)', async () => {
    await db.transaction(actor, () =>
      db.query('update licensing.licenses set follows_purchase = false where tenant_id = $1', [
        actor.tenantId,
      ]),
    );
    const agreed = await issue();
    await bought({});
    expect(await licenses.get(actor, signedUpWith)).toMatchObject({ tier: 'TEAM', terms: { seats: 8 } });
    expect(await licenses.get(actor, agreed)).toMatchObject({ purchase: null });
    const follows = await db.transaction(actor, async () =>
      (await licenses.lockAll()).map((one) => one.followsPurchase),
    );
    expect(follows).toEqual([true, false]);
  });

  it('is another one once an operator says so: with what was bought while there was none', async () => {
    await bought({});
    await issue();
    const next = await issue();
    const follow = () =>
      db.transaction(actor, async () => {
        const all = await licenses.lockAll();
        const before = followerOf(all);
        const license = all.find((one) => one.id === next)!;
        license.followInsteadOf(before, clock.now());
        for (const one of all) await licenses.save(one);
      });
    await expect(follow()).rejects.toMatchObject({ code: 'PURCHASE_FOLLOWED' });

    await db.transaction(actor, async () => {
      const first = await licenses.lock(signedUpWith);
      first.revoke('its key was published', clock.now());
      await licenses.save(first);
    });
    await bought({ revision: 2, seats: 12 });
    await follow();
    expect(await licenses.get(actor, next)).toMatchObject({ tier: 'TEAM', terms: { seats: 12 } });
    // Plan and claims go by it, not by one that is older.
    expect(await licenses.first(actor)).toMatchObject({ id: next });
    await expect(follow()).rejects.toMatchObject({ code: 'LICENSE_UNCHANGED' });
    await bought({ revision: 3, state: 'cancelled', access: 'free', plan: 'FREE', seats: null });
    expect(await licenses.get(actor, next)).toMatchObject({ tier: 'FREE' });
    expect(await licenses.get(actor, signedUpWith)).toMatchObject({ tier: 'TEAM', status: 'revoked' });
  });

  it('tells the oldest that has not ended, and none when all have', async () => {
    const second = await issue();
    expect(await licenses.first(actor)).toMatchObject({ id: signedUpWith });
    for (const [id, next] of [
      [signedUpWith, second],
      [second, undefined],
    ] as const) {
      await db.transaction(actor, async () => {
        const license = await licenses.lock(id);
        license.revoke('over', clock.now());
        await licenses.save(license);
      });
      expect((await licenses.first(actor))?.id).toBe(next);
    }
  });
});
