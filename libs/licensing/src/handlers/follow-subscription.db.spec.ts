import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, type DeliveredEvent, ManualClock, newId, type PayloadOf } from '#platform';
import { SubscriptionChanged } from '#billing/events';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { blockOf } from '../domain/block.js';
import { License } from '../domain/license.js';
import { Licenses } from '../persistence/licenses.js';
import { poolPolicyOf } from '../seats/pool-policy.js';
import { writeLicense } from '../testing/licenses.js';
import { FollowSubscription } from './follow-subscription.js';

type Payload = PayloadOf<typeof SubscriptionChanged>;

describe('a licence and what its tenant has bought (S1-51)', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let licenses: Licenses;
  let actor: Actor;

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
    await issue();
  });

  const issue = () => db.transaction(actor, () => writeLicense(licenses, actor.tenantId!, {}, clock.now()));

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
    const handler = new FollowSubscription(licenses, clock);
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
    expect(await seen()).toMatchObject({ block: 'SUSPENDED' });
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
});
