import { FakeTime } from '../testing/fake-time.js';
import { failure } from '../testing/failure.js';
import { type Got, refusal, ScriptedServer } from '../testing/scripted-server.js';
import type { WatchOptions } from './billing-api.js';
import type { BillingEvent } from './billing-events.js';
import type { BearerSource } from './caller.js';
import { GatehouseApi } from './gatehouse-api.js';

const SUBSCRIPTION = {
  ...{ revision: 3, subscription_id: 'sub_1', state: 'active', reasons: [], access: 'full', plan: 'TEAM' },
  ...{ interval: 'month', seats: 5, period_ends_at: '2026-04-01T00:00:00.000Z', trial_ends_at: null },
  ...{ ends_at: null, unpaid: null, restricts_at: null, suspends_at: null, is_trial_used: true },
};
const LICENSE = {
  ...{ license_id: 'lic_1', tier: 'TEAM', status: 'active', max_seats: 5 },
  ...{ entitlements: ['commands:execute'], expires_at: null },
};

const told = (id: number, kind = 'license.changed', data: unknown = LICENSE) =>
  `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;

const bytes = (text: string) => new TextEncoder().encode(text);

/** A stream that gives this much and then breaks. */
function broken(...pieces: string[]): Response {
  const left = [...pieces];
  return new Response(
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = left.shift();
        if (piece === undefined) controller.error(new TypeError('terminated'));
        else controller.enqueue(bytes(piece));
      },
    }),
  );
}

/** A stream that says what the test says, and nothing by itself. */
class Line {
  isCut = false;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private readonly body = new ReadableStream<Uint8Array>({
    start: (controller) => void (this.controller = controller),
    cancel: () => void (this.isCut = true),
  });

  readonly open = () => new Response(this.body);
  readonly say = (text: string) => this.controller.enqueue(bytes(text));
  readonly end = () => this.controller.close();
}

const never = () => new Promise<Response>(() => undefined);

/** A stream that gives these pieces and then ends. */
const stream = (...pieces: string[]) =>
  new Response(ReadableStream.from(pieces.map(bytes)), {
    headers: { 'content-type': 'text/event-stream' },
  });

describe('what changes of billing, watched (S2-33)', () => {
  let time: FakeTime;
  let server: ScriptedServer;
  let stop: AbortController;
  let had: BillingEvent[];
  const ids = () => had.map((one) => one.id);
  const asked = () => server.calls('/billing/stream').map((one) => one.headers.get('last-event-id'));
  beforeEach(() => {
    [time, stop, had] = [new FakeTime(), new AbortController(), []];
    server = new ScriptedServer(time.now);
  });
  afterEach(() => stop.abort());

  /** Each attempt is answered by the next of these, the last one again and again. */
  const answers = (...all: ((got: Got) => Response | Promise<Response>)[]) =>
    server.answer('GET /billing/stream', (got) => (all.length > 1 ? all.shift()! : all[0]!)(got));

  async function watch(options: WatchOptions = {}, bearer?: BearerSource): Promise<void> {
    const api = new GatehouseApi({
      ...{ url: 'https://gatehouse.example', fetch: server.fetch, after: time.after, bearer },
    });
    for await (const event of api.billing.watch({ signal: stop.signal, ...options })) had.push(event);
  }

  it('is read member by member, in pieces however they come', async () => {
    const text = `retry: 500\n\n:\n\n${told(1, 'state', { subscription: SUBSCRIPTION, licenses: [LICENSE] })}${told(2)}${told(3, 'of.a.later.server', {})}`;
    answers(() => stream(...text.match(/[^]{1,7}/g)!), never);
    void watch();
    await time.pass(0);
    expect(had).toEqual([
      expect.objectContaining({
        ...{ id: '1', kind: 'state' },
        subscription: expect.objectContaining({
          ...{ revision: 3, seats: 5, isTrialUsed: true, unpaid: null, discount: null },
          periodEndsAt: Date.parse('2026-04-01'),
        }) as object,
        licenses: [expect.objectContaining({ licenseId: 'lic_1', maxSeats: 5, expiresAt: null })],
      }),
      { id: '2', kind: 'license.changed', license: expect.objectContaining({ tier: 'TEAM' }) as object },
    ]);
    // After as long as the server said, behind all that was had, also what was not understood.
    await time.pass(499);
    expect(asked()).toEqual([null]);
    await time.pass(1);
    expect(asked()).toEqual([null, '3']);
  });

  it('understands a server of before, which says less and some of it in other words', async () => {
    const subscription = {
      ...{
        revision: 3,
        state: 'active',
        reasons: [],
        access: 'full',
        plan: 'TEAM',
        interval: 'month',
        seats: 5,
      },
      ...{ period_end: '2026-04-01T00:00:00.000Z', trial_end: null, ends_at: null },
      ...{ restricts_at: null, suspends_at: null },
    };
    const notice = {
      ...{
        kind: 'trial_ending',
        key: 'trial_ending:sub_1',
        plan: 'TEAM',
        plan_name: 'Team',
        amount_due: null,
      },
      ...{ currency: null, trial_end: '2026-04-01T00:00:00.000Z', ends_at: null },
      ...{ restricts_at: null, suspends_at: null },
    };
    answers(
      () => stream(told(1, 'subscription.changed', subscription), told(2, 'notice.raised', notice)),
      never,
    );
    void watch();
    await time.pass(0);
    expect(had).toMatchObject([
      {
        subscription: {
          ...{ subscriptionId: null, periodEndsAt: Date.parse('2026-04-01'), trialEndsAt: null },
          ...{ unpaid: null, isTrialUsed: false, discount: null },
        },
      },
      {
        notice: {
          ...{ trialEndsAt: Date.parse('2026-04-01'), access: 'full', amount: null, reason: null },
          respondBy: null,
        },
      },
    ]);
  });

  it('goes on behind what was had, after every kind of break, and waits longer while nothing comes', async () => {
    answers(
      () => stream(told(7)),
      () => Promise.reject(new TypeError('fetch failed')),
      () => refusal(503, 'UNAVAILABLE'),
      () => refusal(429, 'TOO_MANY_STREAMS', undefined, { 'retry-after': '60' }),
      () => stream(told(8)),
      never,
    );
    void watch({ after: '6' });
    await time.pass(2_000);
    expect(asked()).toEqual(['6', '7']);
    await time.pass(4_000);
    expect(asked()).toHaveLength(3);
    await time.pass(8_000);
    expect(asked()).toHaveLength(4);
    await time.pass(59_999);
    expect(asked()).toHaveLength(4);
    await time.pass(1);
    await time.pass(2_000);
    expect([ids(), asked().slice(4)]).toEqual([
      ['7', '8'],
      ['7', '8'],
    ]);
  });

  it('goes on after a line that broke in the middle of an event', async () => {
    answers(
      () => broken(told(1), told(2).slice(0, 20)),
      () => stream(told(2)),
      never,
    );
    void watch();
    await time.pass(2_000);
    await time.pass(0);
    expect([ids(), asked()]).toEqual([
      ['1', '2'],
      [null, '1'],
    ]);
  });

  it('misses nothing and hears nothing twice, wherever lines break', async () => {
    const all = Array.from({ length: 30 }, (_, n) => n + 1);
    let cut = 37;
    answers(({ headers }) => {
      const text = all
        .slice(Number(headers.get('last-event-id') ?? 0))
        .map((id) => told(id))
        .join('');
      // Anywhere, also before the first event has come.
      cut = ((cut * 31) % 601) + 1;
      return text === '' ? never() : broken(...(text.slice(0, cut).match(/[^]{1,40}/g) ?? []));
    });
    void watch();
    for (let round = 0; round < 100 && had.length < all.length; round++) await time.pass(30_000);
    expect(ids()).toEqual(all.map(String));
    expect(asked().length).toBeGreaterThan(8);
  });

  it('gives up a line that has fallen silent and opens another behind it; one that beats it leaves alone', async () => {
    const line = new Line();
    answers(line.open, () => stream(told(3)), never);
    void watch();
    await time.pass(0);
    line.say(told(2));
    for (let beat = 0; beat < 20; beat++) {
      await time.pass(15_000);
      line.say(':\n\n');
    }
    await time.pass(44_999);
    expect([ids(), asked(), line.isCut]).toEqual([['2'], [null], false]);
    await time.pass(1);
    expect(line.isCut).toBe(true);
    await time.pass(2_000);
    expect([ids(), asked()]).toEqual([
      ['2', '3'],
      [null, '2'],
    ]);
  });

  it('does not wait longer and longer after lines that lived, though nothing happened on them', async () => {
    const lines = Array.from({ length: 5 }, () => new Line());
    answers(...lines.map((one) => one.open), never);
    void watch({ after: '9' });
    for (const [n, line] of lines.entries()) {
      await time.pass(0);
      expect(asked()).toHaveLength(n + 1);
      line.say('retry: 1000\n\n');
      await time.pass(15_000);
      line.say(':\n\n');
      await time.pass(0);
      line.end();
      await time.pass(1_000);
    }
    expect(asked()).toEqual(Array(6).fill('9'));
  });

  it('goes on with another bearer when the first has run out, and ends when the session is over', async () => {
    const renewals: string[] = [];
    const bearer: BearerSource = {
      token: () => Promise.resolve(renewals.length === 0 ? 'first' : 'second'),
      renew: (refused) => {
        renewals.push(refused);
        return Promise.resolve(refused === 'first' ? 'second' : null);
      },
    };
    const line = new Line();
    answers(
      () => refusal(401, 'UNAUTHENTICATED'),
      line.open,
      () => refusal(401, 'UNAUTHENTICATED'),
    );
    const watching = failure(watch({}, bearer));
    await time.pass(0);
    line.say(told(1));
    await time.pass(0);
    // As a server ends it whose reader may read no more.
    line.end();
    await time.pass(2_000);
    expect(await watching).toMatchObject({ status: 401, code: 'UNAUTHENTICATED', kind: 'unauthenticated' });
    expect([ids(), renewals]).toEqual([['1'], ['first', 'second']]);
    const bearers = server.calls('/billing/stream').map((one) => one.headers.get('authorization'));
    expect(bearers).toEqual(['Bearer first', 'Bearer second', 'Bearer second']);
    await time.pass(600_000);
    expect([asked(), time.pending]).toEqual([[null, null, '1'], 0]);
  });

  it('throws where the caller may not listen, and what is no stream of a Gatehouse', async () => {
    answers(() => refusal(403, 'MISSING_SCOPE'));
    expect(await failure(watch())).toMatchObject({ status: 403, code: 'MISSING_SCOPE' });
    answers(() => stream(told(1, 'license.changed', { license_id: 7 })));
    expect(await failure(watch())).toMatchObject({ code: 'BAD_ANSWER' });
    answers(() => stream(`data: ${'x'.repeat(300_000)}`));
    expect(await failure(watch())).toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('ends when its reader has had enough, and hangs up', async () => {
    answers(() => stream(told(1), told(2)), never);
    const watching = watch();
    await time.pass(0);
    stop.abort();
    await watching;
    await time.pass(60_000);
    expect(asked()).toEqual([null]);
    expect(time.pending).toBe(0);
  });
});
