import { fault } from '../../../../test/support/billing-changes.js';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { THIN_EVENTS } from '../stripe/endpoint-events.js';
import { webhookUrl } from '../stripe/webhook-url.js';
import { SetUpThinEvents } from './set-up-thin-events.js';

const HOOKS = webhookUrl({ baseUrl: 'http://127.0.0.1:3000' });

let world: BillingRoom;
let setUp: SetUpThinEvents;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  setUp = world.app.get(SetUpThinEvents, { strict: false });
});
afterAll(() => world.close());

const all = () => world.pay.stripe.v2.core.eventDestinations;
/** What was asked of Stripe that changes something. */
const changes = () =>
  world.pay.local.api.asked.filter(
    ({ method, path }) => method !== 'GET' && path.startsWith('/v2/core/event_destinations'),
  );

describe('setting up thin events (S2-30, S2-32)', () => {
  it('makes a destination for what no snapshot tells, and tells its secret once', async () => {
    expect(await setUp.destinations(world.operator)).toEqual([]);
    const { id, secret } = await setUp.add(world.operator);
    expect(secret).toMatch(/^whsec_/);
    const made = await all().retrieve(id, { include: ['webhook_endpoint.url'] });
    expect(made).toMatchObject({
      event_payload: 'thin',
      status: 'enabled',
      webhook_endpoint: { url: HOOKS },
    });
    expect(made.enabled_events).toEqual(THIN_EVENTS);
    const log = await world.system.query('select action, details from billing.operator_log');
    expect(log).toEqual([{ action: 'STRIPE_DESTINATION_ADDED', details: { url: HOOKS } }]);
  });

  it('finds it again, and has nothing to mend', async () => {
    const before = changes().length;
    expect(await setUp.destinations(world.operator)).toMatchObject([{ isEnabled: true, missing: [] }]);
    expect(changes()).toHaveLength(before);
  });

  it('is not misled by destinations of others, and leaves them where they are', async () => {
    const other = { name: 'other', type: 'webhook_endpoint', event_payload: 'thin' } as const;
    const { id } = await all().create({
      ...other,
      enabled_events: ['v1.invoice.paid'],
      webhook_endpoint: { url: 'http://127.0.0.1:3000/elsewhere' },
    });
    expect((await setUp.destinations(world.operator)).map((one) => one.id)).not.toContain(id);
    await expect(setUp.remove(world.operator, id)).rejects.toMatchObject({ kind: 'not_found' });
    expect(await all().retrieve(id)).toMatchObject({ id });
  });

  it('says what one does not tell, and mends just that', async () => {
    const [found] = await setUp.destinations(world.operator);
    await all().update(found!.id, { enabled_events: ['v1.billing.meter.no_meter_found'] });
    const [poor] = await setUp.destinations(world.operator);
    expect(poor!.missing).toContain('v1.billing.meter.error_report_triggered');
    expect(poor!.missing).not.toContain('v1.billing.meter.no_meter_found');
    await setUp.complete(world.operator, poor!);
    await all().disable(found!.id);
    const [asleep] = await setUp.destinations(world.operator);
    expect(asleep).toMatchObject({ isEnabled: false, missing: [] });
    const before = changes().length;
    await setUp.complete(world.operator, asleep!);
    expect(changes().slice(before)).toMatchObject([
      { path: `/v2/core/event_destinations/${found!.id}/enable`, status: 200 },
    ]);
    expect(await setUp.destinations(world.operator)).toMatchObject([{ isEnabled: true, missing: [] }]);
  });

  it('takes two while a secret is rotated, and never the last one away', async () => {
    const [old] = await setUp.destinations(world.operator);
    await expect(setUp.remove(world.operator, old!.id)).rejects.toMatchObject({ code: 'LAST_ENDPOINT' });
    const { id } = await setUp.add(world.operator);
    await setUp.remove(world.operator, old!.id);
    expect((await setUp.destinations(world.operator)).map((one) => one.id)).toEqual([id]);
  });

  it('makes what nobody heard of once, and tells its secret when it is asked for again', async () => {
    const before = (await setUp.destinations(world.operator)).map((one) => one.id);
    fault(world.pay, {
      ...{ kind: 'close_after_apply', times: 2 },
      match: { method: 'POST', path: '/v2/core/event_destinations' },
    });
    await expect(setUp.add(world.operator)).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await setUp.isUnheard(world.operator)).toBe(true);
    const { id, secret } = await setUp.add(world.operator);
    expect(secret).toMatch(/^whsec_/);
    const after = (await setUp.destinations(world.operator)).map((one) => one.id);
    expect(after.filter((one) => !before.includes(one))).toEqual([id]);
    expect(await setUp.isUnheard(world.operator)).toBe(false);
  });

  it('is for operators alone', async () => {
    const nobody = world.operator.as({ scopes: [] });
    await expect(setUp.destinations(nobody)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    await expect(setUp.add(nobody)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    await expect(setUp.isUnheard(nobody)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
  });
});
