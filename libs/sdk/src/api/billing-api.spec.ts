import { FakeTime } from '../testing/fake-time.js';
import { failure } from '../testing/failure.js';
import { type Got, refusal, ScriptedServer } from '../testing/scripted-server.js';
import type { WatchOptions } from './billing-api.js';
import type { BillingEvent } from './billing-events.js';
import { GatehouseApi } from './gatehouse-api.js';

const SUBSCRIPTION = {
  ...{ revision: 3, subscription_id: 'sub_1', state: 'active', reasons: [], access: 'full', plan: 'TEAM' },
  ...{ interval: 'month', seats: 5, period_end: '2026-04-01T00:00:00.000Z', trial_end: null, ends_at: null },
  ...{ restricts_at: null, suspends_at: null },
};
const LICENSE = {
  ...{ license_id: 'lic_1', tier: 'TEAM', status: 'active', max_seats: 5 },
  ...{ entitlements: ['commands:execute'], expires_at: null },
};

const told = (id: number, kind = 'license.changed', data: unknown = LICENSE) =>
  `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;

/** A stream that gives these pieces and then ends. */
const stream = (...pieces: string[]) =>
  new Response(ReadableStream.from(pieces.map((one) => new TextEncoder().encode(one))), {
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

  async function watch(options: WatchOptions = {}): Promise<void> {
    const api = new GatehouseApi({
      url: 'https://gatehouse.example',
      fetch: server.fetch,
      after: time.after,
    });
    for await (const event of api.billing.watch({ signal: stop.signal, ...options })) had.push(event);
  }

  it('is read member by member, in pieces however they come', async () => {
    const text = `retry: 500\n\n:\n\n${told(1, 'state', { subscription: SUBSCRIPTION, licenses: [LICENSE] })}${told(2)}${told(3, 'of.a.later.server', {})}`;
    answers(
      () => stream(...text.match(/[^]{1,7}/g)!),
      () => new Promise(() => undefined),
    );
    void watch();
    await time.pass(0);
    expect(had).toEqual([
      expect.objectContaining({
        ...{ id: '1', kind: 'state' },
        subscription: expect.objectContaining({
          revision: 3,
          seats: 5,
          periodEnd: Date.parse('2026-04-01'),
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

  it('goes on behind what was had, after every kind of break, and waits longer while nothing comes', async () => {
    answers(
      () => stream(told(7)),
      () => Promise.reject(new TypeError('fetch failed')),
      () => refusal(503, 'UNAVAILABLE'),
      () => refusal(429, 'TOO_MANY_STREAMS', undefined, { 'retry-after': '60' }),
      () => stream(told(8)),
      () => new Promise(() => undefined),
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
    let pieces = [told(1), told(2).slice(0, 20)];
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const [piece, ...rest] = pieces;
        pieces = rest;
        if (piece === undefined) controller.error(new TypeError('terminated'));
        else controller.enqueue(new TextEncoder().encode(piece));
      },
    });
    answers(
      () => new Response(broken),
      () => stream(told(2)),
      () => new Promise(() => undefined),
    );
    void watch();
    await time.pass(2_000);
    await time.pass(0);
    expect([ids(), asked()]).toEqual([
      ['1', '2'],
      [null, '1'],
    ]);
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
    answers(
      () => stream(told(1), told(2)),
      () => new Promise(() => undefined),
    );
    const watching = watch();
    await time.pass(0);
    stop.abort();
    await watching;
    await time.pass(60_000);
    expect(asked()).toEqual([null]);
    expect(time.pending).toBe(0);
  });
});
