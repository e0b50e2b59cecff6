import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import pg from 'pg';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { superuser } from '../../../../test/support/tables.js';
import { Actor } from '../actor/actor.js';
import { defineEvent } from '../events/event.js';
import { occurred } from '../events/outbox.js';
import { asDomainError } from '../http/errors.js';
import { newId } from '../ids/ids.js';
import { z } from 'zod';
import { AppDatabase } from './app-database.js';
import type { DatabaseConfig } from './database.config.js';
import { Db } from './db.js';
import { Entities } from './entities.js';

const NoteWritten = defineEvent('probe.note.written', 1, z.strictObject({ text: z.string() }));

const tenant = () => Actor.system(newId('ten'), 'trace');
/** What somebody over HTTP would be answered. */
const answerTo = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => asDomainError(thrown),
  );
  return error && [error.status, error.code];
};
const UNAVAILABLE = [503, 'UNAVAILABLE'];

const READ = 'select id, text from probe.notes order by id';
const WRITE = 'insert into probe.notes (tenant_id, id, text) values ($1, $2, $3)';
const PID = 'select pg_backend_pid() as pid';

describe('Db', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  let pools: AppDatabase;
  let db: Db;

  beforeAll(async () => {
    database = await testDatabase();
    admin = await superuser(database);
    await admin.query(`
      create schema probe;
      grant usage on schema probe to gatehouse_app;
      create table probe.notes (tenant_id text not null, id text not null, text text not null, primary key (tenant_id, id));
      alter table probe.notes enable row level security, force row level security;
      create policy app on probe.notes to gatehouse_app
        using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
        with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
      grant select, insert, update on probe.notes to gatehouse_app`);
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });

  async function open(poolSize: number): Promise<void> {
    const config = { url: database.url, systemUrl: database.systemUrl, poolSize } as DatabaseConfig;
    pools = new AppDatabase(config, new Entities([]));
    await pools.onModuleInit();
    db = new Db(pools);
  }
  beforeEach(() => open(1));
  afterEach(() => pools.onApplicationShutdown());

  const write = (actor: Actor, id: string, text = 'hello') =>
    db.transaction(actor, () => db.query(WRITE, [actor.tenantId, id, text]));
  const pidOfReads = async (actor: Actor) => (await db.read<{ pid: number }>(actor, PID))[0]!.pid;
  const kill = (pid: number) => admin.query('select pg_terminate_backend($1, 5000)', [pid]);

  describe('a read', () => {
    it('sees the tenant of its actor, on whatever connection', async () => {
      const [ours, theirs] = [tenant(), tenant()];
      await write(ours, 'a');
      expect(await db.read(ours, READ)).toEqual([{ id: 'a', text: 'hello' }]);
      expect(await db.read(theirs, READ)).toEqual([]);
      expect(await db.read(Actor.anonymous({ traceId: 'x', address: null }), READ)).toEqual([]);
      // One connection for all of them: none has left its setting behind.
      expect(await db.read(tenant(), `select current_setting('app.tenant_id') <> '' as set`)).toEqual([
        { set: true },
      ]);
    });

    it('shows a person’s rows only to that person: nobody else brings an id into the setting', async () => {
      const setting = `select current_setting('app.user_id') as id`;
      const user = new Actor({
        type: 'user',
        id: 'usr_1',
        tenantId: newId('ten'),
        origin: { traceId: 'x', address: null },
      });
      expect(await db.read(user, setting)).toEqual([{ id: 'usr_1' }]);
      expect(await db.read(user.as({ type: 'operator' }), setting)).toEqual([{ id: '' }]);
    });

    it('writes nothing', async () => {
      const actor = tenant();
      await expect(db.read(actor, WRITE, [actor.tenantId, 'a', 'x'])).rejects.toMatchObject({
        code: '25006',
      });
      expect(await db.read(actor, READ)).toEqual([]);
    });

    it('that fails leaves its connection clean, and the next one uses it', async () => {
      const actor = tenant();
      await write(actor, 'a');
      const pid = await pidOfReads(actor);
      await expect(db.read(actor, 'select no_such_column')).rejects.toMatchObject({ code: '42703' });
      await expect(db.read(actor, 'select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
      await expect(db.read(actor, 'select $1::int', ['no number'])).rejects.toMatchObject({ code: '22P02' });
      expect(await pidOfReads(actor)).toBe(pid);
      expect(await db.read(actor, READ)).toEqual([{ id: 'a', text: 'hello' }]);
      const { rows } = await admin.query('select state from pg_stat_activity where pid = $1', [pid]);
      expect(rows).toEqual([{ state: 'idle' }]);
    });

    it('shares a round trip with those of its actor in the same turn, and with nobody else’s', async () => {
      const [ours, theirs] = [tenant(), tenant()];
      await write(ours, 'a');
      const moment = `select now()::text as at, (select count(*)::int from probe.notes) as notes`;
      const ask = (actor: Actor) =>
        db.read<{ at: string; notes: number }>(actor, moment).then(([row]) => row!);
      const [one, other, another] = await Promise.all([ask(ours), ask(theirs), ask(ours.as({}))]);
      // now() is when the transaction began.
      expect([one.notes, other.notes, another.notes]).toEqual([1, 0, 1]);
      expect(one.at).toBe(another.at);
      expect(one.at).not.toBe(other.at);
      expect((await ask(ours)).at).not.toBe(one.at);
    });

    it('that fails fails alone, however many are before it and behind it', async () => {
      const actor = tenant();
      const values = Array.from({ length: 40 }, (_, i) => i);
      const outcomes = await Promise.allSettled(
        values.map((i) => db.read(actor, 'select 10 / $1::int as tenth', [i % 7])),
      );
      const codes = outcomes.map((one) =>
        one.status === 'rejected' ? (one.reason as { code: string }).code : one.value,
      );
      expect(codes).toEqual(
        values.map((i) => (i % 7 === 0 ? '22012' : [{ tenth: Math.floor(10 / (i % 7)) }])),
      );
    });

    it('does not mix with others at the same time', async () => {
      await pools.onApplicationShutdown();
      await open(4);
      const actors = Array.from({ length: 20 }, tenant);
      await Promise.all(actors.map((actor, i) => write(actor, `note-${i}`)));
      const found = await Promise.all(
        actors.flatMap((actor, i) => [
          db.read<{ id: string }>(actor, READ).then((rows) => [i, rows.map((row) => row.id)]),
          db.read(actor, 'select 1 / 0').catch(() => [i, [`note-${i}`]]),
        ]),
      );
      for (const [i, ids] of found as [number, string[]][]) expect(ids).toEqual([`note-${i}`]);
    });
  });

  describe('a transaction', () => {
    it('is joined by one inside it for the same tenant, and taken back with it', async () => {
      const actor = tenant();
      const failing = db.transaction(actor, async () => {
        const outer = db.manager;
        await db.transaction(actor.as({ type: 'user', id: 'usr_1' }), async () => {
          expect(db.manager).toBe(outer);
          await db.query(WRITE, [actor.tenantId, 'inner', 'x']);
        });
        expect(await db.query(READ)).toHaveLength(1);
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await db.read(actor, READ)).toEqual([]);
    });

    it('contains none of another tenant', async () => {
      const actor = tenant();
      const mixing = db.transaction(actor, () => db.transaction(tenant(), async () => 'never'));
      await expect(mixing).rejects.toThrow(
        'A transaction of one tenant cannot contain a transaction of another.',
      );
    });

    it('is needed by whatever works in one, and over when it is over', async () => {
      expect(() => db.manager).toThrow('This needs a transaction around it');
      await expect(db.query(READ)).rejects.toThrow('This needs a transaction around it');
      expect(() => db.record([])).toThrow('This needs a transaction around it');
      let later: Promise<unknown> = Promise.resolve();
      const released = new EventTarget();
      await db.transaction(tenant(), async () => {
        later = once(released, 'go').then(() => db.query(READ));
      });
      released.dispatchEvent(new Event('go'));
      await expect(later).rejects.toThrow('The transaction this belongs to has ended.');
    });

    it('that somebody left running may not reach a later one', async () => {
      await pools.onApplicationShutdown();
      await open(2);
      const [first, second] = [tenant(), tenant()];
      const released = new EventTarget();
      let straggler: Promise<unknown> = Promise.resolve();
      await db.transaction(first, async () => {
        straggler = once(released, 'go').then(() =>
          db.transaction(second, () => db.query(WRITE, [second.tenantId, 'b', 'x'])),
        );
      });
      released.dispatchEvent(new Event('go'));
      // Its own has ended, so this one is a transaction of its own, of its own tenant.
      await straggler;
      expect(await db.read(second, READ)).toHaveLength(1);
      expect(await db.read(first, READ)).toEqual([]);
    });

    it('does not mix with others at the same time', async () => {
      await pools.onApplicationShutdown();
      await open(5);
      const actors = Array.from({ length: 25 }, tenant);
      const seen = await Promise.all(
        actors.map((actor, i) =>
          db.transaction(actor, async () => {
            await db.query(WRITE, [actor.tenantId, `note-${i}`, 'x']);
            await turn();
            db.record([occurred(NoteWritten, { text: `${i}` }, new Date())]);
            const rows = await db.query<{ id: string }>(READ);
            return [db.actor.tenantId === actor.tenantId, rows.map((row) => row.id)];
          }),
        ),
      );
      expect(seen).toEqual(actors.map((_, i) => [true, [`note-${i}`]]));
      const { rows } = await admin.query<{ tenant_id: string; payload: { text: string } }>(
        `select tenant_id, payload from platform.outbox where name = 'probe.note.written'`,
      );
      expect(rows).toHaveLength(25);
      for (const { tenant_id, payload } of rows)
        expect(tenant_id).toBe(actors[Number(payload.text)]!.tenantId);
    });

    it('keeps events and rows together: both, or neither', async () => {
      const actor = tenant();
      const recorded = async () =>
        (await admin.query('select from platform.outbox where tenant_id = $1', [actor.tenantId])).rowCount;
      const failing = db.transaction(actor, async () => {
        await db.query(WRITE, [actor.tenantId, 'a', 'x']);
        db.record([occurred(NoteWritten, { text: 'a' }, new Date())]);
        await db.query(WRITE, [actor.tenantId, 'a', 'a second time']);
      });
      await expect(failing).rejects.toMatchObject({ code: '23505' });
      expect([await recorded(), await db.read(actor, READ)]).toEqual([0, []]);

      await db.transaction(actor, async () => {
        await db.query(WRITE, [actor.tenantId, 'a', 'x']);
        db.record([occurred(NoteWritten, { text: 'a' }, new Date())]);
      });
      expect([await recorded(), (await db.read(actor, READ)).length]).toEqual([1, 1]);
    });

    it('does in order what is asked for at once', async () => {
      const actor = tenant();
      const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
      const last = await db.transaction(actor, async () => {
        await Promise.all([
          db.query(WRITE, [actor.tenantId, 'a', 'first']),
          ...texts.map((text) => db.query('update probe.notes set text = $1', [text])),
        ]);
        return db.query(READ);
      });
      expect(last).toEqual([{ id: 'a', text: 'text 49' }]);
    });

    it('of which a part failed is taken back, also when somebody caught it', async () => {
      const actor = tenant();
      const writing = db.transaction(actor, async () => {
        await db.query(WRITE, [actor.tenantId, 'a', 'x']);
        await db.query(WRITE, [actor.tenantId, 'a', 'a second time']).catch(() => undefined);
      });
      await expect(writing).rejects.toThrow('A part of this transaction failed.');
      expect(await db.read(actor, READ)).toEqual([]);
    });

    it('whose events cannot be kept is taken back', async () => {
      const nowhere = Actor.system(null, 'trace');
      let xid = '';
      const writing = db.transaction(nowhere, async () => {
        xid = (await db.query<{ xid: string }>('select pg_current_xact_id() as xid'))[0]!.xid;
        db.record([occurred(NoteWritten, { text: 'a' }, new Date())]);
      });
      await expect(writing).rejects.toThrow('An event needs a tenant.');
      const { rows } = await admin.query('select pg_xact_status($1) as status', [xid]);
      expect(rows).toEqual([{ status: 'aborted' }]);
    });

    it('leaves a clean connection when it fails: the next on it is another tenant’s', async () => {
      const [ours, theirs] = [tenant(), tenant()];
      const pids: number[] = [];
      const failing = db.transaction(ours, async () => {
        pids.push((await db.query<{ pid: number }>(PID))[0]!.pid);
        await db.query('select 1 / 0');
      });
      await expect(failing).rejects.toMatchObject({ code: '22012' });
      await db.transaction(theirs, async () => {
        pids.push((await db.query<{ pid: number }>(PID))[0]!.pid);
        expect(await db.query(READ)).toEqual([]);
      });
      expect(pids[0]).toBe(pids[1]);
    });
  });

  describe('work alongside, for another tenant', () => {
    const operator = () => tenant().as({ type: 'operator', id: 'ops', reason: 'a ticket' });
    const notes = async (actor: Actor) => (await db.read<{ id: string }>(actor, READ)).map((row) => row.id);
    const told = async ({ tenantId }: Actor) =>
      (
        await admin.query<{ text: string }>(
          `select payload ->> 'text' as text from platform.outbox where tenant_id = $1`,
          [tenantId],
        )
      ).rows.map((row) => row.text);
    const note = (actor: Actor, id: string) => async () => {
      await db.query(WRITE, [actor.tenantId, id, 'x']);
      db.record([occurred(NoteWritten, { text: id }, new Date())]);
    };

    it('is of the same transaction, with rows and events of its own; then it is the first tenant’s again', async () => {
      const [one, two] = [operator(), operator()];
      await db.transaction(one, async () => {
        await note(one, 'before')();
        await db.alongside(two, async () => {
          expect(await db.query(READ)).toEqual([]);
          await note(two, 'beside')();
        });
        expect(await db.query(READ)).toHaveLength(1);
        await note(one, 'after')();
      });
      expect([await notes(one), await notes(two)]).toEqual([['after', 'before'], ['beside']]);
      expect([await told(one), await told(two)]).toEqual([['before', 'after'], ['beside']]);
    });

    it('fails as a whole, whichever half fails, also when somebody catches the error', async () => {
      const [one, two] = [operator(), operator()];
      const failing = (inside: boolean) =>
        db.transaction(one, async () => {
          await note(one, 'a')();
          await db
            .alongside(two, async () => {
              await note(two, 'b')();
              if (inside) throw new Error('the other half');
            })
            .catch(() => undefined);
          if (!inside) throw new Error('this half');
        });
      await expect(failing(true)).rejects.toThrow('A part of this transaction failed.');
      await expect(failing(false)).rejects.toThrow('this half');
      expect([await notes(one), await notes(two), await told(one), await told(two)]).toEqual([
        [],
        [],
        [],
        [],
      ]);
    });

    it('is for one person who is in both', async () => {
      const mine = { type: 'user', id: newId('usr') } as const;
      const [one, two] = [tenant().as(mine), tenant().as(mine)];
      await db.transaction(one, () => db.alongside(two, note(two, 'mine')));
      expect([await notes(one), await notes(two)]).toEqual([[], ['mine']]);
    });

    it('is for operators else, inside a transaction', async () => {
      const [one, two] = [tenant(), tenant()];
      const refused = 'Only an operator may change two tenants';
      await expect(db.transaction(one, () => db.alongside(two, async () => 1))).rejects.toThrow(refused);
      const ours = operator();
      await expect(db.transaction(ours, () => db.alongside(two, async () => 1))).rejects.toThrow(refused);
      await expect(db.alongside(ours, async () => 1)).rejects.toThrow('This needs a transaction around it');
    });
  });

  describe('a connection that is lost', () => {
    it('while idle is replaced before anybody notices', async () => {
      const actor = tenant();
      await write(actor, 'a');
      const reader = await pidOfReads(actor);
      const writer = await db.transaction(actor, async () => (await db.query<{ pid: number }>(PID))[0]!.pid);
      await Promise.all([kill(reader), kill(writer)]);
      // Whether the pool has heard of it yet is a race; the one after a refusal finds a new connection.
      const first = await answerTo(db.read(actor, READ));
      if (first) expect(first).toEqual(UNAVAILABLE);
      const second = await answerTo(write(actor, 'b'));
      if (second) expect(second).toEqual(UNAVAILABLE);
      await write(actor, 'c');
      expect((await db.read(actor, READ)).length).toBeGreaterThanOrEqual(2);
      expect(await pidOfReads(actor)).not.toBe(reader);
    });

    it('in the middle of a read is a 503, and the next read is served', async () => {
      const actor = tenant();
      const pid = await pidOfReads(actor);
      const reading = answerTo(db.read(actor, 'select pg_sleep(30)'));
      await asleep(pid);
      await kill(pid);
      expect(await reading).toEqual(UNAVAILABLE);
      expect(await db.read(actor, READ)).toEqual([]);
    });

    it('in the middle of a transaction is a 503, nothing of it stays, and the next is served', async () => {
      const actor = tenant();
      let pid = 0;
      const begun = new EventTarget();
      const writing = answerTo(
        db.transaction(actor, async () => {
          await db.query(WRITE, [actor.tenantId, 'a', 'x']);
          pid = (await db.query<{ pid: number }>(PID))[0]!.pid;
          begun.dispatchEvent(new Event('sleeps'));
          await db.query('select pg_sleep(30)');
        }),
      );
      await once(begun, 'sleeps');
      await asleep(pid);
      await kill(pid);
      expect(await writing).toEqual(UNAVAILABLE);
      await write(actor, 'b');
      expect(await db.read(actor, READ)).toEqual([{ id: 'b', text: 'hello' }]);
    });

    it('between two statements of a transaction is a 503', async () => {
      const actor = tenant();
      const writing = answerTo(
        db.transaction(actor, async () => {
          await kill((await db.query<{ pid: number }>(PID))[0]!.pid);
          await db.query(WRITE, [actor.tenantId, 'a', 'x']);
        }),
      );
      expect(await writing).toEqual(UNAVAILABLE);
      await write(actor, 'b');
    });
  });

  /** Waits until the connection runs a statement. */
  async function asleep(pid: number): Promise<void> {
    for (;;) {
      const { rows } = await admin.query<{ wait_event: string }>(
        'select wait_event from pg_stat_activity where pid = $1',
        [pid],
      );
      if (rows[0]?.wait_event === 'PgSleep') return;
      await turn();
    }
  }
});
