import { randomBytes } from 'node:crypto';
import { billingWorld } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { Runbook } from '../support/runbook.js';
import { startStripe } from '../support/stripe.js';

/** A failed event is parked at once; no wait of a test is longer than it must be. */
const world = billingWorld({ BILLING_APPLY_ATTEMPTS: '1' });
const pages: Runbook[] = [];

/** The page, beside the product as it runs with these settings in place of its own. */
function opened(name: string): Runbook {
  const runbook = new Runbook(`docs/runbooks/${name}.md`, () => world.product.api.url);
  pages.push(runbook);
  runbook.settings(settings());
  return runbook;
}

const settings = (more: Record<string, string> = {}) => ({
  ...world.product.env,
  BASE_URL: world.product.api.url,
  ...more,
});

afterAll(() => pages.forEach((one) => one.remove()));

/** Both processes anew, where they were. */
async function restart(more: Record<string, string>): Promise<void> {
  const { product } = world;
  const { port } = new URL(product.api.url);
  await Promise.all([product.api.stop(), product.worker.stop()]);
  product.api = await product.startApi({ ...more, PORT: port });
  product.worker = await product.startWorker(more);
}

describe('docs/runbooks/webhook-secret-rotation.md', () => {
  it('runs as it is written, and nothing that Stripe tells is missed', async () => {
    const runbook = opened('webhook-secret-rotation');
    const [before = [], after = []] = runbook.parts('<!-- the API has been restarted -->');
    expect([before.length, after.length]).toEqual([2, 2]);
    await runbook.prints(before);

    // The Stripe of tests signs both kinds with one secret, until they are rotated.
    const old = world.product.env.STRIPE_WEBHOOK_SECRET!;
    const both = {
      STRIPE_WEBHOOK_SECRET: runbook.read('next.whsec').trim(),
      STRIPE_WEBHOOK_SECRET_PREVIOUS: old,
      STRIPE_THIN_WEBHOOK_SECRET: runbook.read('next-thin.whsec').trim(),
      STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS: old,
    };
    runbook.settings(settings(both));
    await restart(both);
    await runbook.prints(after);

    // Only the new ones are left: what comes is signed by the new secrets.
    const buyer = await world.owner();
    await buyer.buy({ plan: 'TEAM', interval: 'month' });
    await buyer.stands({ access: 'full', plan: 'TEAM' });
    const { books } = world.stripe.local;
    const thin = books.transact(() =>
      books.emitThin({ type: 'v1.billing.meter.no_meter_found', data: { reason: { error_types: [] } } }),
    );
    await eventually(async () => {
      const rows = await world.product.query('select 1 from billing.stripe_events where id = $1', [thin.id]);
      expect(rows).toHaveLength(1);
    });
  }, 300_000);
});

describe('docs/runbooks/replay-after-an-outage.md', () => {
  it('runs as it is written, and brings what was bought meanwhile', async () => {
    const buyer = await world.owner();
    world.stripe.local.faults.add({
      kind: 'status',
      status: 400,
      code: 'parameter_invalid',
      times: 1_000_000,
      match: { method: 'GET', path: '/v1/customers/*' },
    });
    await buyer.buy({ plan: 'TEAM', interval: 'month' });
    await world.stripe.settled();
    // All of it is parked, before the page begins.
    await eventually(async () => {
      const open = await world.product.query(`select 1 from billing.stripe_events where status = 'received'`);
      const dead = await world.product.query(`select 1 from billing.stripe_events where status = 'dead'`);
      expect([open.length, dead.length > 0]).toEqual([0, true]);
    });
    world.stripe.local.faults.clear();

    const runbook = opened('replay-after-an-outage');
    const [all = []] = runbook.parts();
    expect(all).toHaveLength(7);
    await runbook.prints(all);
    await buyer.stands({ access: 'full', plan: 'TEAM', seats: 5 });
    await eventually(async () => {
      const [sweep] = await world.product.query<{ finished_at: Date | null }>(
        `select finished_at from billing.sweeps where kind = 'nightly' and leased_by is null and due_at > now()`,
      );
      expect(sweep?.finished_at).toBeInstanceOf(Date);
    });
  }, 300_000);
});

describe('docs/runbooks/stripe-key-rotation.md', () => {
  it('runs as it is written, and notices the key of another account', async () => {
    const next = `sk_test_${randomBytes(16).toString('hex')}`;
    // The Stripe of the other tests believes one key alone, as it was started; this one believes any.
    const anyKey = await startStripe({ apiKeys: undefined });
    try {
      const mine = settings({ STRIPE_API_URL: anyKey.settings.STRIPE_API_URL! });
      await anyKey.stripe.webhookEndpoints.create({
        url: `${world.product.v1}/billing/webhooks/stripe`,
        enabled_events: ['*'],
      });
      await anyKey.stripe.v2.core.eventDestinations.create({
        ...{ name: 'thin', type: 'webhook_endpoint', event_payload: 'thin', enabled_events: ['*'] },
        webhook_endpoint: { url: `${world.product.v1}/billing/webhooks/stripe` },
      });
      const runbook = opened('stripe-key-rotation');
      runbook.settings(mine);
      const [before = [], check = [], after = []] = runbook.parts(
        '<!-- next.key is there -->',
        '<!-- everything has been restarted -->',
      );
      expect([before.length, check.length, after.length]).toEqual([2, 2, 2]);
      await runbook.prints(before);
      runbook.write('next.key', `${next}\n`);
      await runbook.prints(check);
      runbook.write('next.key', `sk_test_51SomebodyElses00${randomBytes(16).toString('hex')}\n`);
      await expect(runbook.prints(check)).rejects.toThrow(/line \d+ failed/);
      runbook.write('next.key', `sk_live_${randomBytes(16).toString('hex')}\n`);
      await expect(runbook.prints(check)).rejects.toThrow('a live key is shown to');
      runbook.settings({ ...mine, STRIPE_SECRET_KEY: next });
      await runbook.prints(after);
    } finally {
      await anyKey.stop();
    }
  }, 300_000);
});

describe('docs/runbooks/try-the-webhooks.md', () => {
  it('runs as it is written', async () => {
    const runbook = opened('try-the-webhooks');
    const [all = []] = runbook.parts();
    expect(all).toHaveLength(3);
    await runbook.prints(all);
    const told = runbook.read('replayed.now');
    expect(told).toMatch(/^(\d+) of \1 were taken\.$/m);
    expect(told).toMatch(/\d+ ignored NO_CUSTOMER/);
    expect(told).not.toMatch(/^\d+ (wait for a worker|dead)/m);
  }, 300_000);
});
