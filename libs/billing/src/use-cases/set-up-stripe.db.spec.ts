import { fault } from '../../../../test/support/billing-changes.js';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { ENDPOINT_EVENTS } from '../stripe/endpoint-events.js';
import { SetUpStripe } from './set-up-stripe.js';

let world: BillingRoom;
let setUp: SetUpStripe;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  setUp = world.app.get(SetUpStripe, { strict: false });
});
afterAll(() => world.close());

const at = (id: string) => world.pay.stripe.webhookEndpoints.retrieve(id);

describe('setting up Stripe (S2-30)', () => {
  it('says whose key it is', async () => {
    expect(await setUp.account(world.operator)).toMatchObject({ mode: 'test', takesPayments: true });
  });

  it('makes an endpoint for all that is handled, in the version whose types we read, and tells its secret once', async () => {
    expect(await setUp.endpoints(world.operator)).toEqual([]);
    const { id, secret } = await setUp.addEndpoint(world.operator);
    expect(secret).toMatch(/^whsec_/);
    const made = await at(id);
    expect(made).toMatchObject({ url: setUp.url, api_version: '2026-10-28.endive' });
    expect([...made.enabled_events].sort()).toEqual(ENDPOINT_EVENTS);
    expect(made.secret).toBeUndefined();
    expect(await setUp.endpoints(world.operator)).toMatchObject([{ id, isEnabled: true, missing: [] }]);
    const log = await world.system.query('select action, details from billing.operator_log');
    expect(log).toEqual([{ action: 'STRIPE_ENDPOINT_ADDED', details: { url: setUp.url } }]);
  });

  it('says what one does not tell, and completes it', async () => {
    const [found] = await setUp.endpoints(world.operator);
    await world.pay.stripe.webhookEndpoints.update(found!.id, {
      enabled_events: ['invoice.paid'],
      disabled: true,
    });
    const [poor] = await setUp.endpoints(world.operator);
    expect(poor).toMatchObject({ isEnabled: false });
    expect(poor!.missing).toContain('customer.subscription.updated');
    expect(poor!.missing).not.toContain('invoice.paid');
    await setUp.completeEndpoint(world.operator, poor!.id);
    expect(await setUp.endpoints(world.operator)).toMatchObject([{ isEnabled: true, missing: [] }]);
  });

  it('takes two while a secret is rotated, and never the last one away', async () => {
    const [old] = await setUp.endpoints(world.operator);
    await expect(setUp.removeEndpoint(world.operator, old!.id)).rejects.toMatchObject({
      code: 'LAST_ENDPOINT',
    });
    const { id } = await setUp.addEndpoint(world.operator);
    const { id: foreign } = await world.pay.stripe.webhookEndpoints.create({
      ...{ url: 'https://other.example/hooks', enabled_events: ['*'] },
    });
    await expect(setUp.removeEndpoint(world.operator, foreign)).rejects.toMatchObject({ kind: 'not_found' });
    await setUp.removeEndpoint(world.operator, old!.id);
    expect((await setUp.endpoints(world.operator)).map((one) => one.id)).toEqual([id]);
  });

  it('makes what nobody heard of once, and tells its secret when it is asked for again', async () => {
    const addEndpoint = () => setUp.addEndpoint(world.operator);
    const before = (await setUp.endpoints(world.operator)).map((one) => one.id);
    fault(world.pay, {
      ...{ kind: 'close_after_apply', times: 2 },
      match: { method: 'POST', path: '/v1/webhook_endpoints' },
    });
    await expect(addEndpoint()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await setUp.isUnheard(world.operator)).toBe(true);
    const { id, secret } = await addEndpoint();
    expect(secret).toMatch(/^whsec_/);
    const after = (await setUp.endpoints(world.operator)).map((one) => one.id);
    expect(after.filter((one) => !before.includes(one))).toEqual([id]);
    expect(await setUp.isUnheard(world.operator)).toBe(false);
  });

  it('is for operators alone', async () => {
    await expect(setUp.account(world.operator.as({ scopes: [] }))).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
    });
  });
});
