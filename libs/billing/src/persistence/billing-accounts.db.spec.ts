import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, newId, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { BillingAccounts } from './billing-accounts.js';
import { StripeInbox } from './stripe-inbox.js';

const NOW = new Date('2026-11-23T12:00:00Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);

describe('when a tenant’s customer is looked at again', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let accounts: BillingAccounts;
  let inbox: StripeInbox;
  let actor: Actor;
  let customerId: string;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    db = app.get(Db);
    accounts = new BillingAccounts(db);
    inbox = new StripeInbox(app.get(SystemDatabase));
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    actor = Actor.system(newId('ten'), 'trace');
    customerId = `cus_${actor.tenantId!.slice(4)}`;
    await db.transaction(actor, async () => {
      await accounts.lock(NOW);
      await accounts.link(customerId);
    });
  });

  /** What a look has come to, in a connection of its own. */
  const look = (dueAt: Date | null, now = NOW) =>
    db.transaction(actor, async () => {
      const account = await accounts.lock(now);
      const standing = { ...account.standing, dueAt: dueAt?.getTime() ?? null };
      await accounts.save({ ...account, standing }, now);
    });
  const dueAt = async () => {
    const [row] = await db.read<{ due_at: Date | null }>(
      actor,
      'select due_at from billing.accounts where tenant_id = $1',
      [actor.tenantId],
    );
    return row!.due_at;
  };

  it('is what a look has come to, and at once when somebody has wished it since that look began', async () => {
    await look(later(60_000));
    expect(await dueAt()).toEqual(later(60_000));
    await inbox.hasten([customerId], NOW);
    await look(null);
    expect(await dueAt()).toEqual(NOW);
  });

  it('is at once when it was wished while the look waited to be written, by a clock that is ahead', async () => {
    const [locked, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const wished = later(1_000);
    const wishing = db.transaction(actor, async () => {
      await accounts.hasten(wished);
      locked.resolve();
      await done.promise;
    });
    await locked.promise;
    const looking = look(null);
    await waits();
    done.resolve();
    await Promise.all([wishing, looking]);
    expect(await dueAt()).toEqual(wished);
  });

  it('is no more once whoever took it on has looked', async () => {
    await inbox.hasten([customerId], NOW);
    expect(await inbox.takeDue(NOW, 10, 60_000)).toContainEqual({ tenantId: actor.tenantId, customerId });
    await look(null, later(1_000));
    expect(await dueAt()).toBeNull();
  });

  it('is tried for ever, hourly at last, where no look succeeds (after 42 days nobody at all was looked at)', async () => {
    const system = app.get(SystemDatabase);
    await system.query('update billing.accounts set due_at = $2, due_attempts = 1024 where tenant_id = $1', [
      actor.tenantId,
      NOW,
    ]);
    expect(await inbox.takeDue(NOW, 10, 60_000)).toContainEqual({ tenantId: actor.tenantId, customerId });
    expect(await dueAt()).toEqual(later(64 * 60_000));
  });

  /** Until somebody waits for a row that another has. */
  async function waits(): Promise<void> {
    for (;;) {
      const [row] = await app.get(SystemDatabase).query<{ n: number }>(
        `select count(*)::int as n from pg_locks l join pg_stat_activity a using (pid)
           where not l.granted and a.datname = current_database()`,
      );
      if (row!.n > 0) return;
    }
  }
});
