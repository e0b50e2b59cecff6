import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import { Clock, HttpConfig } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { BillingConfig } from '../billing.config.js';
import { lintFixtures } from '../fixtures/lint-fixtures.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { StripeArchive } from '../persistence/stripe-archive.js';
import { StripeClient } from '../stripe/stripe-client.js';
import { ReplayFixtures } from './replay-fixtures.js';

const drawn = () => randomBytes(18).toString('hex');
const BODY = JSON.stringify({
  id: 'evt_recorded1',
  object: 'event',
  data: { object: { customer: 'cus_old12' } },
});
const THIN_BODY = JSON.stringify({ id: 'evt_recorded2', object: 'v2.core.event' });
const fixtures = [BODY, THIN_BODY].map((body, at) => ({
  ...lintFixtures([{ file: `${at}.json`, text: body }], '')[0]!,
  text: body,
}));

let world: BillingRoom;
let intake: Server;
let to: string;
const came: { path: string; body: string; signature: string }[] = [];

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  intake = createServer((request, response) => {
    void text(request).then((body) => {
      came.push({ path: request.url!, body, signature: String(request.headers['stripe-signature']) });
      response.writeHead(came.length === 3 ? 503 : 200).end('{}');
    });
  });
  await new Promise<void>((resolve) => intake.listen(0, '127.0.0.1', resolve));
  to = `http://127.0.0.1:${(intake.address() as AddressInfo).port}`;
});
afterAll(async () => {
  intake.close();
  await world.close();
});

/** With those settings beside the room's own. */
function replayer(more: Partial<BillingConfig>): ReplayFixtures {
  const config = { ...world.app.get(BillingConfig), ...more } as BillingConfig;
  const archive = world.app.get(StripeArchive, { strict: false });
  const log = world.app.get(OperatorLog, { strict: false });
  const http = world.app.get(HttpConfig);
  return new ReplayFixtures(config, http, new StripeClient(config), archive, log, world.app.get(Clock));
}

async function all<T>(generated: AsyncGenerator<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of generated) found.push(one);
  return found;
}

describe('playing Stripe with recorded webhooks (S2-34)', () => {
  it.each(['sk_live', 'rk_live'])('is refused where a key %s_... moves money', async (kind) => {
    const replay = replayer({ secretKey: `${kind}_${drawn()}` });
    await expect(
      all(replay.execute(world.operator, fixtures, { to, keepsIds: false })),
    ).rejects.toMatchObject({
      code: 'FIXTURES_REFUSED',
    });
    expect(came).toEqual([]);
  });

  it('is refused where nothing checks a signature', async () => {
    const replay = replayer({ webhookSecret: undefined });
    await expect(
      all(replay.execute(world.operator, fixtures, { to, keepsIds: false })),
    ).rejects.toMatchObject({
      code: 'FIXTURES_REFUSED',
    });
  });

  it('is for operators alone', async () => {
    const nobody = world.operator.as({ scopes: [] });
    await expect(all(replayer({}).execute(nobody, fixtures, { to, keepsIds: false }))).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
    });
  });

  it('signs each with the secret of its kind, under an id of its own, about whom it is told', async () => {
    const [webhookSecret, thinWebhookSecret] = [`whsec_${drawn()}`, `whsec_${drawn()}`];
    const replay = replayer({ webhookSecret, thinWebhookSecret });
    const sent = await all(
      replay.execute(world.operator, fixtures, { to, customerId: 'cus_new34', keepsIds: false }),
    );
    expect(sent).toMatchObject([{ status: 200 }, { status: 200 }]);
    const [snapshot, thin] = came;
    expect(snapshot!.path).toBe('/api/v1/billing/webhooks/stripe');
    const event = Stripe.webhooks.constructEvent(snapshot!.body, snapshot!.signature, webhookSecret);
    expect(event).toMatchObject({ id: sent[0]!.id, data: { object: { customer: 'cus_new34' } } });
    expect(event.id).not.toBe('evt_recorded1');
    expect(() => Stripe.webhooks.constructEvent(thin!.body, thin!.signature, webhookSecret)).toThrow();
    expect(Stripe.webhooks.signature!.verifyHeader(thin!.body, thin!.signature, thinWebhookSecret)).toBe(
      true,
    );
  });

  it('says what was refused, and sends what it has byte for byte when ids are kept', async () => {
    const sent = await all(replayer({}).execute(world.operator, fixtures, { to, keepsIds: true }));
    expect(sent).toMatchObject([
      { id: 'evt_recorded1', status: 503, problem: '{}' },
      { id: 'evt_recorded2', status: 200, problem: null },
    ]);
    expect(came.slice(2).map((one) => one.body)).toEqual([BODY, THIN_BODY]);
  });

  it('stops where nobody answers', async () => {
    const nowhere = { to: 'http://127.0.0.1:2', keepsIds: false };
    const sent = await all(replayer({}).execute(world.operator, fixtures, nowhere));
    expect(sent).toMatchObject([{ status: null, problem: expect.stringMatching(/./) }]);
  });
});
