import { part } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { Client, type Outcome, type Sending, sendOne } from '../support/load.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  type RegisteredBody,
  type SeatBody,
  signUp,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import { superuser } from '../support/tables.js';

/** Half of them keep their connection, half make one for each request. */
const CLIENTS = 16;

const product = journeyProduct();
/** Beside product.api, which the first test stops. */
let api: ProductProcess;

beforeAll(async () => {
  api = await product.startApi();
});

describe('an API that is told to stop under load', () => {
  it('answers every request it has accepted, ends with 0, and another takes over', async () => {
    const [going, staying] = [product.api, api];
    const v1 = `${going.url}/api/v1`;
    const owner = await signUp(going.url);
    const bearer = owner.access_token;
    const seat = await succeed<SeatBody>(`${v1}/licenses/acquire`, {
      bearer,
      body: { hardware_id: 'laptop' },
    });
    const logins = await Promise.all(
      Array.from({ length: 3 }, () =>
        succeed<RegisteredBody>(`${v1}/auth/login`, { method: 'POST', bearer: owner.idToken }),
      ),
    );
    const sendings: Sending[] = [
      { path: '/health/live' },
      { path: '/api/v1/auth/me', bearer },
      { path: '/api/v1/licenses/heartbeat', method: 'PUT', body: { session_id: seat.session_id } },
      { path: '/api/v1/licenses/validate', body: { license_key: owner.license.key } },
      { path: '/api/v1/licenses/acquire', bearer, body: { hardware_id: 'laptop' } },
    ];

    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, (_, i) => {
      const next = (turn: number) => sendings[(i + turn) % sendings.length]!;
      return new Client([going.url, staying.url], i % 2 === 0, (turn) => ({
        ...next(turn),
        dawdleMs: i < 4 ? 30 : undefined,
      }));
    });
    const running = clients.map((client) => client.run(() => isOver));
    await eventually(() => clients.every((client) => client.outcomes.length >= 20), { withinMs: 40_000 });

    // Slow ones: three wait in Postgres, one is still being sent.
    const lock = await superuser(product.database);
    await lock.query('begin');
    await lock.query('select from identity.auth_sessions where user_id = $1 for update', [owner.user.id]);
    const slow = logins.map(({ refresh_token }) =>
      sendOne(going.url, false, { path: '/api/v1/auth/refresh', body: { refresh_token } }),
    );
    slow.push(sendOne(going.url, false, { ...sendings[4]!, dawdleMs: 1_000 }));
    await eventually(async () => (await waitingForLock()) === logins.length);

    const exit = going.stop();
    await eventually(() => clients.every((client) => client.outcomes.some(movedOn)), { withinMs: 20_000 });
    await lock.end();
    expect(await exit).toBe(0);
    const before = clients.map((client) => client.outcomes.length);
    await eventually(() => clients.every((client, i) => client.outcomes.length > before[i]! + 5), {
      withinMs: 20_000,
    });
    isOver = true;

    const outcomes = (await Promise.all(running)).flat();
    expect((await Promise.all(slow)).map(({ ended, status }) => [ended, status])).toEqual(
      slow.map(() => ['answered', 200]),
    );
    expect(outcomes.filter((one) => one.ended === 'cut')).toEqual([]);
    // Of those that the kernel turned away the process has never heard.
    const log = going.output();
    expect(outcomes.filter((one) => one.ended === 'reset' && log.includes(one.traceId))).toEqual([]);
    expect([...new Set(outcomes.flatMap((one) => one.status ?? []))]).toEqual([200]);
    const served = (origin: string) =>
      outcomes.filter((one) => one.origin === origin && one.ended === 'answered').length;
    expect(served(going.url)).toBeGreaterThanOrEqual(CLIENTS * 20);
    expect(served(staying.url)).toBeGreaterThan(CLIENTS * 5);
  });
});

const PEOPLE = 12;

describe('a worker that is told to stop while handlers run', () => {
  it('ends what it has begun and leaves the rest to the next: nothing is lost, nothing done twice', async () => {
    const v1 = `${api.url}/api/v1`;
    // Every handler that writes into the trail waits for this.
    const lock = await superuser(product.database);
    await lock.query('begin; lock table audit.entries in share row exclusive mode');
    const people = await Promise.all(
      Array.from({ length: PEOPLE }, async () => {
        const email = newEmail();
        const made = await signUp(api.url, { email });
        const seat = await succeed<SeatBody>(`${v1}/licenses/acquire`, {
          bearer: made.access_token,
          body: { hardware_id: 'laptop' },
        });
        await succeed(`${v1}/licenses/release`, { method: 'DELETE', body: { session_id: seat.session_id } });
        return { email, bearer: made.access_token };
      }),
    );
    await eventually(async () => (await waitingForLock()) >= 4);

    const exit = product.worker.stop();
    await eventually(() => product.worker.output().includes('The worker stops'));
    expect(await waitingForLock()).toBeGreaterThan(0);
    await lock.end();
    expect(await exit).toBe(0);
    await product.startWorker();

    for (const { email, bearer } of people) {
      await eventually(async () => expect(await actionsOf(bearer)).toEqual(WANTED), { withinMs: 20_000 });
      expect(await mailsTo(email)).toBe(1);
    }
  });

  const WANTED = [
    'LICENSE_ISSUED',
    'MAIL_SENT',
    'MEMBERSHIP_CREATED',
    'SEAT_ACQUIRED',
    'SEAT_RELEASED',
    'SESSION_STARTED',
    'TENANT_REGISTERED',
    'USER_REGISTERED',
  ];

  async function actionsOf(bearer: string): Promise<string[]> {
    const { data } = await succeed<AuditBody>(`${api.url}/api/v1/audit`, { bearer });
    return data.map((entry) => entry.action).sort();
  }

  async function mailsTo(email: string): Promise<number> {
    const url = `${new URL(part('MAIL_URL')).origin}/messages.json?to=${encodeURIComponent(email)}&wait=10&count=1`;
    return (await succeed<unknown[]>(url)).length;
  }
});

describe('an API that has refused a request before it looked at it', () => {
  it('ends all the same (such a request was counted out and never in, and the API never ended)', async () => {
    const refusing = await product.startApi();
    const unsignable = await call<ErrorBody>(`${refusing.url}/api/v1/licenses`, {
      headers: { 'accept-signature': 'sig1=("@status")' },
    });
    expect([unsignable.status, unsignable.body.error.code]).toEqual([503, 'SIGNATURE_UNAVAILABLE']);
    expect(await refusing.stop()).toBe(0);
  });
});

const movedOn = (one: Outcome) => one.ended === 'refused' || one.ended === 'reset';

async function waitingForLock(): Promise<number> {
  const rows = await product.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]!.count;
}
