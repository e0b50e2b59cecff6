import { askChange, type ChangedBody, fault, hearChanges } from '../support/billing-changes.js';
import { billingWorld, type Buyer } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { refusal } from '../support/person.js';
import type { ProductProcess } from '../support/product.js';

const SLOW = { withinMs: 60_000 };
const SUBSCRIPTION = '/v1/subscriptions/*';
const CLIENTS = 40;
/** What a write takes at Stripe, at least. */
const WRITE_MS = 500;

// A writer that was killed is replaced after the timeout and four seconds; whoever waits for it waits for fifteen.
const world = billingWorld({ STRIPE_TIMEOUT_MS: '5000', BILLING_APPLY_IDLE_MS: '50' });
let other: ProductProcess;
beforeAll(async () => void (other = await world.product.startApi()));
afterEach(() => world.stripe.local.faults.clear());

const shown = (owner: Buyer) => owner.get<ChangedBody>('/billing/subscription');

async function subscribed(): Promise<{ owner: Buyer; id: string }> {
  const owner = await world.subscriber();
  return { owner, id: (await owner.subscription()).id };
}

async function seatsAtStripe(owner: Buyer): Promise<number> {
  const { items } = await owner.subscription();
  return items.data.reduce(
    (sum, { price, quantity }) => sum + (price.lookup_key?.includes('_seat_') ? quantity! : 5),
    0,
  );
}

describe('changes of seats at the same time', () => {
  it('are few writes at Stripe, whichever process was asked; the last wish stands, and nobody is told what is not so', async () => {
    const { owner } = await subscribed();
    const urls = [world.product.api.url, other.url];
    const changes = hearChanges(world.stripe);
    fault(world.stripe, {
      ...{ kind: 'delay', delay_ms: WRITE_MS, times: 1_000 },
      match: { method: 'POST', path: SUBSCRIPTION },
    });
    const begun = Date.now();
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) =>
        askChange(urls[i % 2]!, owner.body, i % 8 === 7 ? { seats: 4 } : { seats: 6 + i }),
      ),
    );
    const impossible = answers.filter((_, i) => i % 8 === 7);
    expect(impossible.map(refusal)).toEqual(impossible.map(() => [422, 'SEATS_OUT_OF_BOUNDS']));
    const others = answers.filter((_, i) => i % 8 !== 7);
    expect(others.map((one) => one.status)).toEqual(others.map(() => 200));

    const writes = changes();
    // Each takes along what is there, and while it lasts the others gather: one after another while they come, one more
    // when all are there.
    const [wishes] = await world.product.query<{ asked_at: Date }>(
      'select asked_at from billing.wishes where tenant_id = $1',
      [owner.body.tenant.id],
    );
    const arrivalMs = wishes!.asked_at.getTime() - begun;
    expect(writes.length).toBeLessThanOrEqual(arrivalMs / WRITE_MS + 2);
    expect(new Set(writes.map((one) => one.idempotency_key)).size).toBe(writes.length);
    const last = await seatsAtStripe(owner);
    const told = new Set(others.map(({ body }) => body.change?.seats));
    expect(told).toContain(last);
    expect(told.size).toBeLessThanOrEqual(writes.length);
    expect(others.map(({ body }) => body.change?.status)).toEqual(others.map(() => 'done'));
    expect((await shown(owner)).change).toMatchObject({ status: 'done', seats: last });
    await owner.stands({ seats: last });

    await askChange(other.url, owner.body, { seats: 6 });
    expect(await seatsAtStripe(owner)).toBe(6);
    const after = hearChanges(world.stripe);
    expect((await askChange(other.url, owner.body, { seats: 6 })).status).toBe(200);
    expect(after()).toEqual([]);
  });

  it('are refused to all whose wish was in the write, when the card is declined, and nothing has changed', async () => {
    const { owner, id } = await subscribed();
    // Without a trial it is paid at once.
    await world.stripe.stripe.subscriptions.cancel(id);
    await owner.stands({ state: 'cancelled' });
    await owner.buy({ plan: 'TEAM' });
    await owner.stands({ state: 'active' });
    const { id: customer } = await owner.customer();
    const { books } = world.stripe.local;
    books.declines.push({ customer, decline_code: 'insufficient_funds', times: 20 });
    const answers = await Promise.all(
      [6, 7, 8, 9].map((seats, i) =>
        askChange([world.product.api.url, other.url][i % 2]!, owner.body, { seats, interval: 'year' }),
      ),
    );
    expect(answers.map(refusal)).toEqual(answers.map(() => [422, 'CARD_DECLINED']));
    expect(answers[0]!.body.error?.details).toMatchObject({ reason: 'insufficient_funds' });
    expect((await shown(owner)).change).toMatchObject({
      ...{ status: 'refused', code: 'CARD_DECLINED', interval: 'year' },
    });
    expect(await seatsAtStripe(owner)).toBe(5);
    books.declines = [];
    const paid = await askChange(other.url, owner.body, { seats: 9, interval: 'year' });
    expect(paid.body.change).toMatchObject({ status: 'done', seats: 9, interval: 'year' });
    await owner.stands({ interval: 'year', seats: 9 });
  });
});

describe('a wish (S2-31)', () => {
  it('outlives the process that was writing it: another finishes its write first, then its own', async () => {
    const { owner } = await subscribed();
    const changes = hearChanges(world.stripe);
    fault(world.stripe, { kind: 'hang', match: { method: 'POST', path: SUBSCRIPTION } });
    const first = askChange(other.url, owner.body, { seats: 11 }).catch(() => null);
    await eventually(() => changes().some((one) => one.fault === 'hang'), SLOW);
    const second = askChange(world.product.api.url, owner.body, { seats: 12 });
    await other.kill();
    await first;
    expect((await second).body.change).toMatchObject({ status: 'done', seats: 12 });
    expect(await seatsAtStripe(owner)).toBe(12);
    const [lost, again, own] = changes();
    // Under the same key: Stripe could not have done it twice.
    expect(again?.idempotency_key).toBe(lost?.idempotency_key);
    expect(own?.idempotency_key).not.toBe(lost?.idempotency_key);
    other = await world.product.startApi();
  });

  it.each([
    ['before anything was written', 'GET'],
    ['in the middle of the write', 'POST'],
  ] as const)('is made by a worker, if its process was killed %s', async (_, method) => {
    const { owner } = await subscribed();
    const heard = world.stripe.hear();
    fault(world.stripe, { kind: 'hang', match: { method, path: SUBSCRIPTION } });
    const lost = askChange(other.url, owner.body, { seats: 13 }).catch(() => null);
    await eventually(() => heard().some((one) => one.fault === 'hang'), SLOW);
    await other.kill();
    await lost;
    await eventually(async () => expect(await seatsAtStripe(owner)).toBe(13), SLOW);
    await owner.stands({ seats: 13 });
    expect((await shown(owner)).change).toMatchObject({ status: 'done', seats: 13 });
    other = await world.product.startApi();
  });

  it('is kept while Stripe is away, in sight, and made when it is back; one that is too old is dropped, in sight', async () => {
    const { owner } = await subscribed();
    fault(world.stripe, { kind: 'status', status: 500, times: 100_000, match: { path: '/v1/**' } });
    const away = await askChange(other.url, owner.body, { seats: 14 });
    expect(refusal(away)).toEqual([503, 'BILLING_UNAVAILABLE']);
    expect(away.body.error?.details).toEqual({ change: 'pending' });
    expect((await shown(owner)).change).toMatchObject({ status: 'pending', seats: 14, plan: null });
    world.stripe.local.faults.clear();
    await eventually(async () => expect(await seatsAtStripe(owner)).toBe(14), SLOW);
    await eventually(
      async () => expect((await shown(owner)).change).toMatchObject({ status: 'done', seats: 14 }),
      SLOW,
    );

    fault(world.stripe, { kind: 'status', status: 500, times: 100_000, match: { path: '/v1/**' } });
    expect((await askChange(other.url, owner.body, { seats: 15 })).status).toBe(503);
    await world.product.query(
      `update billing.wishes set asked_at = asked_at - interval '2 hours' where tenant_id = $1`,
      [owner.body.tenant.id],
    );
    world.stripe.local.faults.clear();
    await eventually(
      async () => expect((await shown(owner)).change).toMatchObject({ status: 'dropped', seats: 15 }),
      SLOW,
    );
    expect(await seatsAtStripe(owner)).toBe(14);
  });
});

describe('what Stripe takes of changes', () => {
  const written = (owner: Buyer, id: string, count: number, isInvoiced: boolean) =>
    world.product.query(
      `insert into billing.stripe_writes (tenant_id, id, verb, digest, params, begun_at, outcome)
       select $1, 'wrt_' || $3::boolean || n, 'change_items', n::text,
         jsonb_build_object('id', $2::text, 'isInvoiced', $3::boolean),
         now() - interval '10 seconds', 'done'
       from generate_series(1, $4::int) n`,
      [owner.body.tenant.id, id, isInvoiced, count],
    );

  it('is never exceeded by us: a listed code says when it may be again, and it is not kept', async () => {
    const { owner, id } = await subscribed();
    const to = (body: object) => askChange(other.url, owner.body, body);
    await written(owner, id, 5, true);
    const invoiced = await to({ interval: 'year' });
    expect(refusal(invoiced)).toEqual([429, 'CHANGES_EXHAUSTED']);
    expect(Number(invoiced.headers.get('retry-after'))).toBeGreaterThan(20);
    expect(Number(invoiced.headers.get('retry-after'))).toBeLessThanOrEqual(50);
    // No invoice is made of seats.
    expect((await to({ seats: 6 })).status).toBe(200);

    await written(owner, id, 54, false);
    const changes = hearChanges(world.stripe);
    const many = await to({ seats: 7 });
    expect(refusal(many)).toEqual([429, 'CHANGES_EXHAUSTED']);
    expect(Number(many.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect(changes()).toEqual([]);
    expect((await shown(owner)).change).toMatchObject({ status: 'refused', code: 'CHANGES_EXHAUSTED' });
    expect(await seatsAtStripe(owner)).toBe(6);
    // Nobody is kept from leaving by how often they came.
    expect((await to({ cancel: true })).status).toBe(200);
    await owner.stands({ state: 'ending' });
  });
});

describe('a cancellation', () => {
  it('is taken back as it was made: by the end of the period, or by a day that somebody set', async () => {
    const { owner, id } = await subscribed();
    const changes = hearChanges(world.stripe);
    await owner.change({ cancel: true });
    await owner.stands({ state: 'ending' });
    await owner.change({ resume: true });
    await owner.stands({ state: 'trial', ends_at: null });
    await world.stripe.stripe.subscriptions.update(id, {
      cancel_at: Math.floor(Date.now() / 1_000) + 5 * 86_400,
    });
    await owner.stands({ state: 'ending' });
    await owner.change({ resume: true });
    await owner.stands({ state: 'trial', ends_at: null });
    expect(await owner.subscription()).toMatchObject({ cancel_at: null, cancel_at_period_end: false });
    for (const { params } of changes())
      expect(Object.keys(params as object).filter((name) => name.startsWith('cancel_at'))).toHaveLength(1);
  });
});
