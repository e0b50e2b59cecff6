import { randomUUID } from 'node:crypto';
import { writeFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billingWorld, Buyer, pay } from '../support/billing.js';
import { call, type ErrorBody, refusal, signUpByPassword, succeed } from '../support/person.js';

const world = billingWorld({ ALLOWED_ORIGINS: 'https://app.example.com' });

interface Opened {
  url: string;
  expires_at: string;
}
const subscriptionsOf = async (owner: Buyer) => {
  const { data } = await world.stripe.stripe.subscriptions.list({ limit: 100, status: 'all' });
  return data.filter((one) => one.metadata.tenant_id === owner.body.tenant.id);
};
const sessionsOf = async (owner: Buyer) => {
  const { data } = await world.stripe.stripe.checkout.sessions.list({ limit: 100 });
  return data.filter((one) => one.metadata?.tenant_id === owner.body.tenant.id);
};

describe('the checkout (S2-13, S2-06)', () => {
  it('is one page for twenty who ask at once, and one subscription', async () => {
    const owner = await world.owner();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => owner.ask<Opened>('/billing/checkout', { plan: 'TEAM' })),
    );
    expect(answers.map((one) => one.status)).toEqual(answers.map(() => 200));
    const urls = new Set(answers.map((one) => one.body.url));
    expect(urls.size).toBe(1);
    expect(await sessionsOf(owner)).toHaveLength(1);
    await Promise.all([...urls, ...urls].map((url) => pay(url)));
    await owner.stands({ state: 'trial', plan: 'TEAM' });
    expect(await subscriptionsOf(owner)).toHaveLength(1);
  });

  it('closes the page of another plan before it opens one', async () => {
    const owner = await world.owner();
    const first = await owner.ask<Opened>('/billing/checkout', { plan: 'TEAM' });
    const second = await owner.ask<Opened>('/billing/checkout', { plan: 'PRO' });
    expect(second.body.url).not.toBe(first.body.url);
    await pay(first.body.url);
    expect(await subscriptionsOf(owner)).toEqual([]);
    await pay(second.body.url);
    await owner.stands({ state: 'trial', plan: 'PRO', seats: 1 });
    await owner.licensed({ tier: 'PRO', max_seats: 1 });
  });

  it('gives the same answer to the same Idempotency-Key, and the same page without one', async () => {
    const owner = await world.owner();
    const headers = { 'idempotency-key': randomUUID() };
    const ask = () =>
      call<Opened>(`${world.product.v1}/billing/checkout`, {
        bearer: owner.body.access_token,
        body: { plan: 'PRO' },
        headers,
      });
    const [first, second] = [await ask(), await ask()];
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
    expect((await owner.ask<Opened>('/billing/checkout', { plan: 'PRO' })).body.url).toBe(first.body.url);
  });

  it('gives a trial once, of the plan’s length whatever the caller says (S2-06, C49)', async () => {
    const owner = await world.owner();
    await owner.buy({ plan: 'TEAM', trial_days: 700 });
    const { trial_ends_at: ends } = await owner.stands({ state: 'trial' });
    const days = (Date.parse(ends!) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(13);
    expect(days).toBeLessThan(15);
    const [subscription] = await subscriptionsOf(owner);
    await world.stripe.stripe.subscriptions.cancel(subscription!.id);
    await owner.stands({ state: 'cancelled' });
    await owner.buy({ plan: 'TEAM' });
    await owner.stands({ state: 'active', trial_ends_at: null });
  });

  it('sells what the plan says, and no more', async () => {
    const owner = await world.owner();
    const asked = async (body: object) => refusal(await owner.ask<never>('/billing/checkout', body));
    expect(await asked({ plan: 'FREE' })).toEqual([422, 'PLAN_NOT_SOLD']);
    expect(await asked({ plan: 'ENTERPRISE' })).toEqual([422, 'PLAN_NOT_SOLD']);
    expect(await asked({ plan: 'TEAM', seats: 4 })).toEqual([422, 'SEATS_OUT_OF_BOUNDS']);
    expect(await asked({ plan: 'TEAM', seats: 101 })).toEqual([422, 'SEATS_OUT_OF_BOUNDS']);
    // The client names a plan, an interval and seats: never a price, a customer, an amount.
    for (const extra of [{ price: 'price_1' }, { customer: 'cus_1' }, { amount: 1 }])
      expect(await asked({ plan: 'TEAM', ...extra })).toEqual([422, 'VALIDATION_FAILED']);
    await owner.buy({ plan: 'TEAM', seats: 7, interval: 'year' });
    await owner.stands({ plan: 'TEAM', seats: 7, interval: 'year' });
  });

  it('sends people back to us alone', async () => {
    const owner = await world.owner();
    const to = (url: string) => owner.ask<ErrorBody>('/billing/checkout', { plan: 'PRO', success_url: url });
    for (const url of [
      'https://evil.example.com/',
      'https://app.example.com.evil.example.com/',
      'https://user@app.example.com/',
      'javascript:alert(1)',
      '//evil.example.com',
      '/relative',
    ])
      expect(refusal(await to(url))).toEqual([422, 'RETURN_URL_NOT_ALLOWED']);
    expect((await to('https://app.example.com/done')).status).toBe(200);
    expect(
      refusal(await owner.ask<ErrorBody>('/billing/portal', { return_url: 'https://evil.example.com' })),
    ).toEqual([422, 'RETURN_URL_NOT_ALLOWED']);
  });

  it('is for owners and billing people whose address is proved', async () => {
    const unproved = new Buyer(world, await signUpByPassword(world.product.api.url));
    expect(refusal(await unproved.ask<never>('/billing/checkout', { plan: 'PRO' }))).toEqual([
      403,
      'EMAIL_NOT_VERIFIED',
    ]);
    expect((await unproved.ask('/billing/plans')).status).toBe(200);
    expect((await call(`${world.product.v1}/billing/subscription`)).status).toBe(401);
  });

  it('tells what it costs, shows the portal, and changes nothing where there is nothing', async () => {
    const owner = await world.owner();
    expect(refusal(await owner.ask<never>('/billing/portal', {}))).toEqual([409, 'NOT_SUBSCRIBED']);
    expect(refusal(await owner.ask<never>('/billing/subscription', { seats: 8 }, 'PATCH'))).toEqual([
      409,
      'NOT_SUBSCRIBED',
    ]);
    const preview = await owner.ask<{ amount_due: object; trial_days: number }>('/billing/preview', {
      plan: 'TEAM',
      seats: 6,
    });
    expect(preview.body).toMatchObject({ amount_due: { amount: 11_800, currency: 'usd' }, trial_days: 14 });
    await owner.buy({ plan: 'TEAM' });
    await owner.stands({ state: 'trial' });
    const more = await owner.ask<{ lines: unknown[] }>('/billing/preview', { plan: 'TEAM', seats: 9 });
    expect([more.status, more.body]).toEqual([200, expect.objectContaining({ trial_days: 0 })]);
    const { body } = await owner.ask<{ url: string }>('/billing/portal', {});
    expect((await fetch(body.url)).status).toBe(200);
    await owner.stands({ seats: 5 });
  });
});

describe('the price list at Stripe', () => {
  it('is applied once; a changed amount makes a new price, and who has the old one keeps it', async () => {
    expect(await world.product.admin('catalog', 'plan')).toBe('Nothing changes.\n');
    const owner = await world.owner();
    await owner.buy({ plan: 'TEAM' });
    await owner.stands({ plan: 'TEAM' });

    const file = join(mkdtempSync(join(tmpdir(), 'plans-')), 'plans.yaml');
    writeFileSync(file, readFileSync('plans.yaml', 'utf8').replace('month: 9900', 'month: 10900'));
    const env = { ...world.product.env };
    world.product.env.PLANS_FILE = file;
    try {
      const planned = await world.product.admin('catalog', 'plan');
      expect(planned).toMatch(
        /^\+ price gatehouse_team_month 10900 usd a month instead of price_\w+\n- price/,
      );
      expect(await world.product.admin('catalog', 'apply', '--reason', 'dearer')).toBe(planned);
      expect(await world.product.admin('catalog', 'apply', '--reason', 'dearer')).toBe('Nothing changes.\n');
    } finally {
      Object.assign(world.product.env, env);
      delete world.product.env.PLANS_FILE;
    }
    const [subscription] = await subscriptionsOf(owner);
    // Something happens to it, and it is still Team.
    await world.stripe.stripe.subscriptions.update(subscription!.id, { cancel_at_period_end: true });
    await owner.stands({ state: 'ending', plan: 'TEAM', seats: 5 });
    const { data } = await succeed<{ data: unknown[] }>(`${world.product.v1}/billing/plans`, {
      bearer: owner.body.access_token,
    });
    expect(data).toHaveLength(4);
  });
});
