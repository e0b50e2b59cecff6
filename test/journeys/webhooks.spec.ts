import { createHmac, randomBytes } from 'node:crypto';
import { journeyProduct } from '../support/journey.js';
import { call, type ErrorBody } from '../support/person.js';

const SECRET = `whsec_${randomBytes(24).toString('base64url')}`;
const PREVIOUS = `whsec_${randomBytes(24).toString('base64url')}`;
/** Of a destination for thin events, which has one of its own. */
const THIN = `whsec_${randomBytes(24).toString('base64url')}`;
const THIN_PREVIOUS = `whsec_${randomBytes(24).toString('base64url')}`;

const product = journeyProduct({
  STRIPE_WEBHOOK_SECRET: SECRET,
  STRIPE_WEBHOOK_SECRET_PREVIOUS: PREVIOUS,
  STRIPE_THIN_WEBHOOK_SECRET: THIN,
  STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS: THIN_PREVIOUS,
});

const now = () => Math.floor(Date.now() / 1_000);
const newEventId = () => `evt_${randomBytes(12).toString('hex')}`;

/** The header that Stripe sends (docs.stripe.com/webhooks#verify-manually). */
const signature = (body: string, { secret = SECRET, at = now(), scheme = 'v1' } = {}) =>
  `t=${at},${scheme}=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;

/** `header`: null for none at all. */
async function send(body: string, header: string | null = signature(body), type = 'application/json') {
  const response = await fetch(`${product.v1}/billing/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': type, ...(header === null ? {} : { 'stripe-signature': header }) },
    body,
  });
  return {
    status: response.status,
    body: (await response.json()) as { received?: true } & Partial<ErrorBody>,
  };
}

const snapshot = (id: string, more: object = {}) =>
  JSON.stringify({
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_795_336_200,
    data: { object: { id: 'in_1', object: 'invoice', amount_due: 2_900 } },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: 'invoice.paid',
    ...more,
  });

/** As /v2/core/events delivers: no data, its time as text. */
const thin = (id: string) =>
  JSON.stringify({
    id,
    object: 'v2.core.event',
    type: 'v1.billing.meter.error_report_triggered',
    livemode: true,
    created: '2026-11-22T09:30:00.250Z',
    related_object: { id: 'mtr_1', type: 'billing.meter', url: '/v1/billing/meters/mtr_1' },
  });

async function stored(id: string) {
  const rows = await product.query<{
    type: string;
    api_version: string | null;
    livemode: boolean;
    created_at: Date;
    payload: string;
  }>('select type, api_version, livemode, created_at, payload from billing.stripe_events where id = $1', [
    id,
  ]);
  return rows;
}

async function count(): Promise<number> {
  const rows = await product.query<{ count: number }>(
    'select count(*)::int as count from billing.stripe_events',
  );
  return rows[0]!.count;
}

describe('a webhook of Stripe', () => {
  it('is stored once, byte for byte, also when it comes five times at once and once more', async () => {
    const id = newEventId();
    const body = snapshot(id);
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(body)));
    answers.push(await send(body));
    expect(answers).toEqual(answers.map(() => ({ status: 200, body: { received: true } })));
    expect(await stored(id)).toEqual([
      {
        type: 'invoice.paid',
        api_version: '2026-10-28.endive',
        livemode: false,
        created_at: new Date(1_795_336_200_000),
        payload: body,
      },
    ]);
  });

  it('may be a thin event', async () => {
    const id = newEventId();
    expect((await send(thin(id))).status).toBe(200);
    expect(await stored(id)).toEqual([
      {
        type: 'v1.billing.meter.error_report_triggered',
        api_version: null,
        livemode: true,
        created_at: new Date('2026-11-22T09:30:00.250Z'),
        payload: thin(id),
      },
    ]);
  });

  it.each(['customer.subscription.updated', 'a.type.nobody.has.heard.of', 'x'])(
    'may be of any type: %s',
    async (type) => {
      const id = newEventId();
      expect((await send(snapshot(id, { type }))).status).toBe(200);
      expect((await stored(id)).map((row) => row.type)).toEqual([type]);
    },
  );

  it('is kept as it was signed, whatever its spelling', async () => {
    const id = newEventId();
    const body = `{\n  "type" : "x",   "created": 1,\n "id":"${id}", "emoji": "\\ud83d\\ude00 é 漢", "big": 12345678901234567890.10 }\n`;
    expect((await send(body)).status).toBe(200);
    expect((await stored(id))[0]?.payload).toBe(body);
  });

  it('may be signed with the secret before this one, while it is rotated', async () => {
    const id = newEventId();
    const body = snapshot(id);
    expect((await send(body, signature(body, { secret: PREVIOUS }))).status).toBe(200);
    expect(await stored(id)).toHaveLength(1);
  });

  it.each([
    ['of thin events', THIN],
    ['before that one', THIN_PREVIOUS],
  ])('may be signed with the secret %s', async (_, secret) => {
    const id = newEventId();
    expect((await send(thin(id), signature(thin(id), { secret }))).status).toBe(200);
    expect(await stored(id)).toHaveLength(1);
  });

  it('may carry several signatures, of which one is ours', async () => {
    const id = newEventId();
    const body = snapshot(id);
    expect((await send(body, `${signature(body)},v1=${'0'.repeat(64)},v0=${'1'.repeat(64)}`)).status).toBe(
      200,
    );
  });

  const body = snapshot(newEventId());
  it.each([
    ['without a signature', body, null],
    ['with an empty one', body, ''],
    ['with nonsense', body, 'hello'],
    ['with a signature of nothing', body, `t=${now()},v1=`],
    [
      'signed with another secret',
      body,
      signature(body, { secret: `whsec_${randomBytes(24).toString('base64url')}` }),
    ],
    ['signed with an empty secret', body, signature(body, { secret: '' })],
    ['signed 301 s ago', body, signature(body, { at: now() - 301 })],
    [
      'with the right signature and another time',
      body,
      signature(body, { at: now() - 200 }).replace(/^t=\d+/, `t=${now()}`),
    ],
    ['without a time', body, signature(body).replace(/^t=\d+,/, '')],
    ['signed under an old scheme only', body, signature(body, { scheme: 'v0' })],
    ['with a changed body', snapshot(newEventId(), { livemode: true }), signature(body)],
    ['with a body that only reads the same', JSON.stringify(JSON.parse(body), null, 1), signature(body)],
    ['with one byte more', `${body} `, signature(body)],
  ])('%s is refused, and no row is written', async (_, sent, header) => {
    const before = await count();
    const { status, body: answer } = await send(sent, header);
    expect([status, answer.error?.code]).toEqual([400, 'SIGNATURE_INVALID']);
    expect(await count()).toBe(before);
  });

  it('signed 299 s ago is taken: Stripe’s own tolerance is 300', async () => {
    const id = newEventId();
    const late = snapshot(id);
    expect((await send(late, signature(late, { at: now() - 295 }))).status).toBe(200);
  });

  it.each([
    ['no event', '[]'],
    ['an event without an id', JSON.stringify({ type: 'x', created: 1 })],
    ['an event of no time', JSON.stringify({ id: 'evt_1', type: 'x', created: 'yesterday' })],
    ['an event past the end of time', JSON.stringify({ id: 'evt_1', type: 'x', created: 9e15 })],
    ['an id with NUL', JSON.stringify({ id: 'evt_\0', type: 'x', created: 1 })],
  ])('signed well but %s is a 400, never a 500', async (_, sent) => {
    const before = await count();
    const { status } = await send(sent);
    expect(status).toBe(400);
    expect(await count()).toBe(before);
  });

  it('is judged by its signature before anything else: unsigned, it may be whatever it likes', async () => {
    const before = await count();
    for (const [sent, type] of [
      ['{"id":', 'application/json'],
      ['id=evt_1', 'application/x-www-form-urlencoded'],
      ['<event/>', 'text/xml'],
      ['{"__proto__":{}}', 'nonsense'],
      ['', 'application/json'],
      ['x'.repeat(1_000_000), 'application/json'],
    ] as const)
      for (const header of [null, 'hello']) {
        const { status, body: answer } = await send(sent, header, type);
        expect([type, status, answer.error?.code]).toEqual([type, 400, 'SIGNATURE_INVALID']);
      }
    expect(await count()).toBe(before);
  });

  it('that Stripe signed is taken whatever it calls itself, and whatever names are in it', async () => {
    const [form, odd] = [newEventId(), newEventId()];
    const body = snapshot(form);
    expect((await send(body, signature(body), 'application/x-www-form-urlencoded')).status).toBe(200);
    const strange = snapshot(odd).replace(
      '{',
      '{"__proto__":{"a":1},"constructor":{"prototype":{"b":"\\u0000"}},',
    );
    expect((await send(strange)).status).toBe(200);
    expect((await stored(odd))[0]?.payload).toBe(strange);
    expect(await stored(form)).toHaveLength(1);
  });

  it('may be large: 3 MB are taken, and 5 MB of anybody are not read', async () => {
    const id = newEventId();
    const body = snapshot(id, { filler: 'x'.repeat(3_000_000) });
    expect((await send(body)).status).toBe(200);
    expect((await stored(id))[0]?.payload).toHaveLength(body.length);
    expect((await send('x'.repeat(5_000_000))).body.error?.code).toBe('BODY_TOO_LARGE');
  });

  it('says whom it names, for whoever looks for what is wrong with a tenant', async () => {
    const [named, odd] = [newEventId(), newEventId()];
    const of = (customer: unknown) => ({ data: { object: { id: 'in_1', object: 'invoice', customer } } });
    await send(snapshot(named, of('cus_named')));
    expect((await send(snapshot(odd, of('cus_\0')))).status).toBe(200);
    expect(
      await product.query(
        'select id, customer_id from billing.stripe_events where id = any ($1) order by id',
        [[named, odd]],
      ),
    ).toEqual(
      [
        { id: named, customer_id: 'cus_named' },
        { id: odd, customer_id: null },
      ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });

  it('is taken with Redis away: intake needs Postgres alone', async () => {
    await product.redis.kill();
    const ids = Array.from({ length: 10 }, newEventId);
    const answers = await Promise.all(ids.map((id) => send(snapshot(id))));
    expect(answers.map((one) => one.status)).toEqual(ids.map(() => 200));
    for (const id of ids) expect(await stored(id)).toHaveLength(1);
    // And what is not signed is refused, with nobody to count it.
    const before = await count();
    for (const header of [null, 'hello', signature('{}')])
      expect((await send(snapshot(newEventId()), header)).body.error?.code).toBe('SIGNATURE_INVALID');
    expect(await count()).toBe(before);
    await product.redis.start();
  });

  it('finds no way to read what was stored', async () => {
    expect((await call(`${product.v1}/billing/webhooks/stripe`)).status).toBe(404);
  });
});
