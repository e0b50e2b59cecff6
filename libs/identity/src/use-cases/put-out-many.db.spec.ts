import type { Actor } from '#platform';
import { LicensingConfig, LICENSING_ENTITIES } from '#licensing';
import { RegisterTenant, TENANCY_ENTITIES } from '#tenancy';
import { membersWorld } from '../testing/members-world.js';
import { EndedSessions } from '../sessions/ended-sessions.js';
import { MAX_SESSIONS, SessionRoom } from '../sessions/session-room.js';
import { AuthSession } from '../domain/auth-session.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { EndPersonSessions } from './end-person-sessions.js';
import { PutOutMember } from './put-out-member.js';

const MANY = 10_000;
/** Later than whatever is refused for its age. */
const NEVER = Number.MAX_SAFE_INTEGER;
const world = membersWorld({
  concerns: [LicensingConfig],
  entities: [...TENANCY_ENTITIES, ...LICENSING_ENTITIES],
  registerTenant: RegisterTenant,
});

/** So many sessions that live, of one person. */
async function many({ tenantId, id: userId }: Actor, count: number): Promise<void> {
  await world.owner.query(
    `insert into identity.auth_sessions (tenant_id, id, user_id, provider, amr, auth_time, last_used_at, trace_id)
     select $1, 'ses_0' || lpad(i::text, 25, '0'), $2, 'password', '{pwd}', $3, $3, repeat('f', 32)
     from generate_series(1, $4::int) i`,
    [tenantId, userId, world.clock.now(), count],
  );
}
const idOf = (i: number) => `ses_0${String(i).padStart(25, '0')}`;

/** What became of somebody's sessions, and how many of them were told of, once each, with why. */
async function outcome({ tenantId, id: userId }: Actor) {
  const { rows: sessions } = await world.owner.query<{
    id: string;
    reason: string | null;
  }>('select id, end_reason as reason from identity.auth_sessions where tenant_id = $1 and user_id = $2', [
    tenantId,
    userId,
  ]);
  const { rows: events } = await world.owner.query<{
    id: string;
    reason: string;
  }>(
    `select payload ->> 'sessionId' as id, payload ->> 'reason' as reason from platform.outbox
     where tenant_id = $1 and name = 'identity.session.ended'`,
    [tenantId],
  );
  const told = new Map(events.map((one) => [one.id, one.reason]));
  expect(told.size).toBe(events.length);
  const counts = new Map<string | null, { sessions: number; told: number }>();
  for (const { id, reason } of sessions) {
    const count = counts.get(reason) ?? { sessions: 0, told: 0 };
    if (told.get(id) === (reason ?? undefined) && reason !== null) count.told += 1;
    count.sessions += 1;
    counts.set(reason, count);
  }
  return Object.fromEntries([...counts].map(([reason, count]) => [reason ?? 'live', count]));
}
const forgets = async ({ tenantId }: Actor) => {
  await world.owner.query('delete from identity.auth_sessions where tenant_id = $1', [tenantId]);
};

describe('ten thousand sessions of one person', () => {
  it('end with their membership, each told, in one go', async () => {
    const ada = await world.founder();
    const bob = await world.joins(ada, 'admin');
    await many(bob, MANY);
    const putOut = world.app.get(PutOutMember);
    const statements = await counted(ada, async () =>
      putOut.finish(await world.db.transaction(ada, () => putOut.begin(bob.id ?? ''))),
    );
    expect(statements).toBe(1);
    expect(await outcome(bob)).toEqual({
      membership_ended: { sessions: MANY, told: MANY },
    });
    const ended = world.app.get(EndedSessions);
    for (const i of [1, MANY / 2, MANY]) expect(ended.has(idOf(i), NEVER)).toBe(true);
    await forgets(ada);
  });

  it('end wherever they are, because their person says so, but for one', async () => {
    const ada = await world.founder();
    await many(ada, MANY);
    const end = world.app.get(EndPersonSessions);
    const statements = await counted(ada, async () =>
      expect(await end.execute(ada, 'logout_all', idOf(7))).toBe(MANY - 1),
    );
    expect(statements).toBe(1);
    expect(await outcome(ada)).toEqual({
      logout_all: { sessions: MANY - 1, told: MANY - 1 },
      live: { sessions: 1, told: 0 },
    });
    await forgets(ada);
  });

  /** How many statements change sessions meanwhile. */
  async function counted({ tenantId }: Actor, work: () => Promise<unknown>): Promise<number> {
    await world.owner.query(`
      create table if not exists public.changes (tenant_id text);
      create or replace function public.count_change() returns trigger language plpgsql security definer as $$
      begin
        insert into public.changes select tenant_id from changed limit 1;
        return null;
      end $$;
      create or replace trigger count_change after update on identity.auth_sessions
        referencing new table as changed for each statement execute function public.count_change();`);
    await work();
    const { rows } = await world.owner.query('select 1 from public.changes where tenant_id = $1', [tenantId]);
    return rows.length;
  }
});

describe('one more session than there is room for', () => {
  /** Begins one that derives from another; gives its id. */
  async function begins(of: Actor, from?: string): Promise<string> {
    const { tenantId, id: userId, origin } = of as Actor & { tenantId: string; id: string };
    const one = AuthSession.start(
      { tenantId, userId, provider: 'password', amr: ['pwd'], ...origin },
      world.clock.now(),
    );
    await world.db.transaction(of, async () => {
      await world.app.get(AuthSessions).insert(one);
      await world.app.get(SessionRoom).keepTo(one, from);
    });
    return one.id;
  }
  const ended = async ({ tenantId, id: userId }: Actor) => {
    const { rows } = await world.owner.query<{
      id: string;
      end_reason: string;
    }>(
      `select id, end_reason from identity.auth_sessions
       where tenant_id = $1 and user_id = $2 and ended_at is not null order by id`,
      [tenantId, userId],
    );
    return rows.map((row) => [row.id, row.end_reason]);
  };

  it('ends the oldest of that person in that tenant, and says so; never the one it derives from', async () => {
    const ada = await world.founder();
    const bob = await world.joins(ada, 'member');
    await world.session(bob);
    await many(ada, MAX_SESSIONS - 1);
    await begins(ada);
    expect(await ended(ada)).toEqual([]);
    await begins(ada, idOf(1));
    expect(await ended(ada)).toEqual([]);
    await begins(ada);
    expect(await ended(ada)).toEqual([
      [idOf(1), 'too_many'],
      [idOf(2), 'too_many'],
    ]);
    expect(await ended(bob)).toEqual([]);
    expect(await outcome(ada)).toMatchObject({
      too_many: { sessions: 2, told: 2 },
    });
    await forgets(ada);
  });

  it('waits for nobody who is at an old one', async () => {
    const ada = await world.founder();
    await many(ada, MAX_SESSIONS);
    const client = await world.owner.connect();
    try {
      await client.query('begin');
      await client.query('select 1 from identity.auth_sessions where tenant_id = $1 and id = $2 for update', [
        ...[ada.tenantId, idOf(1)],
      ]);
      await begins(ada);
      expect(await ended(ada)).toEqual([]);
    } finally {
      await client.query('rollback');
      client.release();
    }
    await begins(ada);
    expect((await ended(ada)).map(([id]) => id)).toEqual([idOf(1), idOf(2)]);
  });
});
