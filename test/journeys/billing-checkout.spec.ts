import { randomUUID } from 'node:crypto';
import { billingWorld, Buyer } from '../support/billing.js';
import {
  call,
  type ErrorBody,
  newEmail,
  refusal,
  type RegisteredBody,
  signInWithGoogle,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import { plansFile } from '../support/plans-file.js';
import { pay } from '../support/stripe.js';

const world = billingWorld({ ALLOWED_ORIGINS: 'https://app.example.com' });

interface Opened {
  url: string;
  expires_at: string;
}

describe('the checkout (S2-13, S2-06)', () => {
  it('is one page for twenty who ask at once, and one subscription', async () => {
    const owner = await world.owner();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => owner.ask<Opened>('/billing/checkout', { plan: 'TEAM' })),
    );
    expect(answers.map((one) => one.status)).toEqual(answers.map(() => 200));
    const urls = new Set(answers.map((one) => one.body.url));
    expect(urls.size).toBe(1);
    expect(await owner.sessions()).toHaveLength(1);
    await Promise.all([...urls, ...urls].map((url) => pay(url)));
    await owner.stands({ state: 'trial', plan: 'TEAM' });
    expect(await owner.subscriptions()).toHaveLength(1);
  });

  it('closes the page of another plan before it opens one', async () => {
    const owner = await world.owner();
    const first = await owner.ask<Opened>('/billing/checkout', { plan: 'TEAM' });
    const second = await owner.ask<Opened>('/billing/checkout', { plan: 'PRO' });
    expect(second.body.url).not.toBe(first.body.url);
    await pay(first.body.url);
    expect(await owner.subscriptions()).toEqual([]);
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

  it('gives an answer to the same Idempotency-Key later, when it could give none at first', async () => {
    const owner = await world.owner();
    const headers = { 'idempotency-key': randomUUID() };
    const ask = () =>
      call<never>(`${world.product.v1}/billing/checkout`, {
        bearer: owner.body.access_token,
        body: { plan: 'PRO' },
        headers,
      });
    world.stripe.local.faults.add({
      kind: 'status',
      status: 429,
      code: 'lock_timeout',
      match: { method: 'POST', path: '/v1/checkout/sessions' },
    });
    const first = await ask();
    expect(refusal(first)).toEqual([503, 'BILLING_BUSY']);
    expect(first.headers.get('retry-after')).toBe('1');
    expect((await ask()).status).toBe(200);
  });

  it('gives a trial once, of the plan’s length whatever the caller says (S2-06, C49)', async () => {
    const owner = await world.owner();
    await owner.buy({ plan: 'TEAM', trial_days: 700 });
    const { trial_ends_at: ends } = await owner.stands({ state: 'trial' });
    const days = (Date.parse(ends!) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(13);
    expect(days).toBeLessThan(15);
    const [subscription] = await owner.subscriptions();
    await world.stripe.stripe.subscriptions.cancel(subscription!.id);
    await owner.stands({ state: 'cancelled' });
    await owner.buy({ plan: 'TEAM' });
    await owner.stands({ state: 'active', trial_ends_at: null });
  });

  it('gives a trial as long as they say who buy or sign up, where the operator lets them (S2-06, C49)', async () => {
    const api = await world.product.startApi({ ALLOW_SIGNUP_TRIAL_OVERRIDE: 'true' });
    const v1 = `${api.url}/api/v1`;
    const daysOf = async (atSignUp?: number, atPurchase?: number) => {
      const made = await succeed<RegisteredBody>(`${v1}/auth/register`, {
        bearer: await signInWithGoogle(newEmail()),
        body: { organization_name: 'Acme', trial_days: atSignUp },
      });
      const bearer = made.access_token;
      const preview = await succeed<{ trial_days: number }>(`${v1}/billing/preview`, {
        bearer,
        body: { plan: 'TEAM' },
      });
      const opened = await succeed<Opened>(`${v1}/billing/checkout`, {
        bearer,
        body: { plan: 'TEAM', trial_days: atPurchase },
      });
      await pay(opened.url);
      const [subscription] = await new Buyer(world, made).subscriptions();
      return [preview.trial_days, (subscription!.trial_end! - subscription!.trial_start!) / 86_400];
    };
    expect(await daysOf()).toEqual([14, 14]);
    expect(await daysOf(30)).toEqual([30, 30]);
    expect(await daysOf(30, 7)).toEqual([30, 7]);
    expect(await daysOf(3_000)).toEqual([730, 730]);
    await api.stop();
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
    for (const path of ['plans', 'subscription', 'invoices', 'usage', 'stream'])
      expect([path, refusal(await unproved.ask<never>(`/billing/${path}`))]).toEqual([
        path,
        [403, 'EMAIL_NOT_VERIFIED'],
      ]);
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

  it('tells what an invoice of many lines comes to, with all that Stripe does not list', async () => {
    const owner = await world.owner();
    await owner.buy({ plan: 'TEAM' });
    await owner.stands({ state: 'trial' });
    const { id: customer } = await owner.customer();
    for (let day = 1; day <= 12; day++)
      await world.stripe.stripe.invoiceItems.create({ customer, amount: 100 * day, currency: 'usd' });
    const { body } = await owner.ask<{
      amount_due: { amount: number };
      lines: { description: string; amount: { amount: number } }[];
    }>('/billing/preview', { plan: 'TEAM', seats: 6 });
    const whole = (100 * 12 * 13) / 2 + 9_900 + 1_900;
    expect(body.lines).toHaveLength(11);
    expect(body.lines.at(-1)!.description).toBe('All other lines of the invoice');
    expect(body.lines.reduce((sum, one) => sum + one.amount.amount, 0)).toBe(whole);
    expect(body.amount_due.amount).toBe(whole);
  });
});

// The last: for a minute afterwards a process may still ask for a price that is sold no more.
describe('the price list at Stripe', () => {
  it('is applied once; a changed amount makes a new price, and who has the old one keeps it', async () => {
    expect(await world.product.admin('catalog', 'plan')).toBe('Nothing changes.\n');
    const owner = await world.subscriber();

    const env = { ...world.product.env };
    world.product.env.PLANS_FILE = plansFile((text) => text.replace('month: 9900', 'month: 10900'));
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
    const [subscription] = await owner.subscriptions();
    // More seats are no new purchase: the plan costs them what it did, also where nobody remembers the old price.
    const api = await world.product.startApi({});
    await succeed(`${api.url}/api/v1/billing/subscription`, {
      method: 'PATCH',
      bearer: owner.body.access_token,
      body: { seats: 9 },
    });
    await owner.stands({ seats: 9 });
    const [changed] = await owner.subscriptions();
    expect(changed!.items.data.map(({ price }) => price.unit_amount)).toEqual([9_900, 1_900]);
    expect(changed!.items.data[0]!.price.id).toBe(subscription!.items.data[0]!.price.id);
    // Something happens to it, and it is still Team.
    await world.stripe.stripe.subscriptions.update(subscription!.id, { cancel_at_period_end: true });
    await owner.stands({ state: 'ending', plan: 'TEAM', seats: 9 });
    const { data } = await succeed<{ data: unknown[] }>(`${world.product.v1}/billing/plans`, {
      bearer: owner.body.access_token,
    });
    expect(data).toHaveLength(4);
  });
});
