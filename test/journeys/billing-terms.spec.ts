import { GatehouseApi } from '#sdk';
import { billingWorld, type Buyer } from '../support/billing.js';
import { askChange } from '../support/billing-changes.js';
import { eventually } from '../support/eventually.js';
import { mailsTo } from '../support/mail.js';
import { call, type ErrorBody, newEmail, refusal, signUpByPassword, succeed } from '../support/person.js';
import { plansFile } from '../support/plans-file.js';
import { pay } from '../support/stripe.js';
import { teamOf } from '../support/team.js';

/** What is sold as plans.yaml says, with tax and something off. */
const SOLD = `billing:
  tax: { behavior: exclusive }
  coupons:
    LAUNCH: { percentOff: 20, duration: 3, plans: [TEAM], intervals: [month], isForNew: true }
    FIRST: { amountOff: 500, duration: once, maxRedemptions: 1 }
`;
const world = billingWorld({ PLANS_FILE: plansFile((text) => text.replace('billing:\n', SOLD)) });
const team = teamOf(world.product);

interface Opened {
  url: string;
}

describe('coupons (S2-13)', () => {
  const refusedFor = async (owner: Buyer, body: object) => {
    const { status, body: told } = await owner.ask<ErrorBody>('/billing/checkout', body);
    return [status, told.error.code, told.error.details];
  };

  it('take off what the operator says, for whom the operator says, and are shown', async () => {
    const owner = await world.owner();
    const preview = await owner.ask<{ amount_due: object; lines: object[] }>('/billing/preview', {
      ...{ plan: 'TEAM', seats: 7, coupon: 'launch' },
    });
    expect(preview.body.amount_due).toEqual({ amount: (9_900 + 2 * 1_900) * 0.8, currency: 'usd' });
    expect(preview.body.lines).toHaveLength(2);
    expect(await refusedFor(owner, { plan: 'PRO', coupon: 'LAUNCH' })).toEqual([
      ...[422, 'COUPON_NOT_VALID', { reason: 'plan' }],
    ]);
    expect(await refusedFor(owner, { plan: 'TEAM', interval: 'year', coupon: 'LAUNCH' })).toEqual([
      ...[422, 'COUPON_NOT_VALID', { reason: 'interval' }],
    ]);

    await owner.buy({ plan: 'TEAM', coupon: 'LAUNCH' });
    await owner.stands({ state: 'trial' });
    expect(await owner.get('/billing/subscription')).toMatchObject({
      discount: { name: 'LAUNCH', percent_off: 20, amount_off: null, ends_at: expect.any(String) as string },
    });
    // Another plan is not what it is for.
    const change = (body: object) => askChange(world.product.api.url, owner.body, body);
    await change({ seats: 6 });
    const [subscription] = await owner.subscriptions();
    expect(subscription!.discounts).toHaveLength(1);
    expect(await owner.ask('/billing/preview', { plan: 'PRO' })).toMatchObject({ status: 200 });
    await change({ plan: 'PRO' });
    await owner.stands({ plan: 'PRO', discount: null });
    await world.stripe.stripe.subscriptions.cancel(subscription!.id);
    await owner.stands({ state: 'cancelled' });
    expect(await refusedFor(owner, { plan: 'TEAM', coupon: 'LAUNCH' })).toEqual([
      ...[422, 'COUPON_NOT_VALID', { reason: 'not_new' }],
    ]);
  });

  it('are used up together, and then sell nothing and stand in nobody’s way', async () => {
    const [first, late] = [await world.owner(), await world.owner()];
    await first.buy({ plan: 'PRO', coupon: 'FIRST' });
    await first.stands({ state: 'trial' });
    expect(await first.get('/billing/subscription')).toMatchObject({
      discount: { amount_off: { amount: 500, currency: 'usd' }, percent_off: null, ends_at: null },
    });
    expect(await refusedFor(late, { plan: 'PRO', coupon: 'FIRST' })).toEqual([
      ...[422, 'COUPON_NOT_VALID', { reason: 'used_up' }],
    ]);
    await late.buy({ plan: 'PRO' });
    await late.stands({ state: 'trial', discount: null });
  });
});

describe('tax (S2-13)', () => {
  it('is collected where the operator says so, with the tax id of companies, and shown before and after', async () => {
    world.stripe.local.books.settings.tax_percent = 19;
    const api = await world.product.startApi({ BILLING_AUTOMATIC_TAX: 'true' });
    const owner = await world.owner();
    const bearer = owner.body.access_token;
    const at = <T>(path: string, body: object) => succeed<T>(`${api.url}/api/v1${path}`, { bearer, body });
    const foreseen = () =>
      at<{ amount_due: object; tax: object | null }>('/billing/preview', { plan: 'PRO' });
    // Stripe knows nobody yet, and then somebody without an address.
    expect(await foreseen()).toMatchObject({ amount_due: { amount: 4_900 }, tax: null });
    const { url } = await at<Opened>('/billing/checkout', { plan: 'TEAM' });
    expect(await foreseen()).toMatchObject({ amount_due: { amount: 4_900 }, tax: null });
    await pay(url);
    await owner.stands({ state: 'trial' });
    const [trial] = await owner.subscriptions();
    await world.stripe.stripe.subscriptions.cancel(trial!.id);
    await owner.stands({ state: 'cancelled' });

    expect(await foreseen()).toMatchObject({ amount_due: { amount: 5_831 }, tax: { amount: 931 } });
    await pay((await at<Opened>('/billing/checkout', { plan: 'PRO' })).url);
    await owner.stands({ state: 'active', plan: 'PRO' });
    const [session] = await owner.sessions();
    expect(session).toMatchObject({
      automatic_tax: { enabled: true },
      tax_id_collection: { enabled: true },
      total_details: { amount_discount: 0, amount_tax: 931 },
      customer_details: { address: { country: 'DE' } },
    });
    const { data } = await owner.get<{ data: object[] }>('/billing/invoices');
    expect(data[0]).toMatchObject({
      amount_paid: { amount: 5_831 },
      tax: { amount: 931, currency: 'usd' },
    });
    const strange = await call<ErrorBody>(`${api.url}/api/v1/billing/invoices?cursor=in_another1`, {
      bearer,
    });
    expect(refusal(strange)).toEqual([422, 'VALIDATION_FAILED']);
    const prices = await world.stripe.stripe.prices.list({ limit: 100, active: true });
    expect(new Set(prices.data.map((one) => one.tax_behavior))).toEqual(new Set(['exclusive']));
    await api.stop();
  });
});

describe('a program that sells (S2-13)', () => {
  it('shows, previews, buys, changes, cancels and resumes by the SDK', async () => {
    const owner = await world.owner();
    const token = owner.body.access_token;
    const { billing } = new GatehouseApi({
      url: world.product.api.url,
      bearer: { token: () => Promise.resolve(token), renew: () => Promise.resolve(null) },
    });
    expect((await billing.plans()).map((one) => [one.plan, one.month?.amount ?? null])).toEqual([
      ...[
        ['FREE', 0],
        ['PRO', 4_900],
        ['TEAM', 9_900],
        ['ENTERPRISE', null],
      ],
    ]);
    const preview = await billing.preview({ plan: 'TEAM', seats: 6, coupon: 'LAUNCH' });
    expect(preview).toMatchObject({ amountDue: { amount: 9_440 }, trialDays: 14 });
    expect(preview.lines.map((one) => one.amount.amount)).toEqual([11_800, -2_360]);
    await pay((await billing.checkout({ plan: 'TEAM', coupon: 'LAUNCH' })).url);
    await owner.stands({ state: 'trial' });
    expect(await billing.subscription()).toMatchObject({
      ...{ plan: 'TEAM', seats: 5, change: null, discount: { name: 'LAUNCH', percentOff: 20 } },
    });
    expect(await billing.change({ seats: 7 })).toMatchObject({ change: { status: 'done', seats: 7 } });
    await owner.stands({ seats: 7 });
    await billing.cancel();
    await owner.stands({ state: 'ending' });
    await billing.resume();
    await owner.stands({ state: 'trial' });
    expect((await billing.portal()).url).toContain('http');
    expect((await billing.invoices().next()).value).toMatchObject({
      amountDue: { amount: 0 },
      dispute: null,
    });
    expect((await billing.usage().next()).done).toBe(true);
    const desk = newEmail();
    expect([await billing.setContacts([desk]), await billing.contacts()]).toEqual([[desk], [desk]]);
    await expect(billing.checkout({ plan: 'PRO' })).rejects.toMatchObject({ code: 'ALREADY_SUBSCRIBED' });
  });
});

describe('whom an organisation names for what it pays (S2-13)', () => {
  it('is written to beside its own people, and gets the receipts of Stripe', async () => {
    const owner = await world.owner();
    const [desk, other] = [newEmail(), newEmail()];
    const name = (emails: string[]) =>
      owner.ask<{ emails: string[] }>('/billing/contacts', { emails }, 'PUT');
    expect(await owner.get('/billing/contacts')).toEqual({ emails: [] });
    expect((await name([desk, desk])).body).toEqual({ emails: [desk] });

    await owner.buy({ plan: 'TEAM' });
    expect((await owner.customer()).email).toBe(desk);
    const [mail] = await mailsTo(desk);
    expect(mail!.subject).toContain('is on Team');
    expect(await mailsTo(owner.body.user.email, 2)).toEqual(
      expect.arrayContaining([expect.objectContaining({ subject: mail!.subject })]),
    );

    await name([other, desk]);
    await eventually(async () => expect((await owner.customer()).email).toBe(other));
    await name([]);
    await eventually(async () => expect((await owner.customer()).email).toBe(owner.body.user.email));
  });

  it('is no crowd, and an address each', async () => {
    const owner = await world.owner();
    const crowd = Array.from({ length: 6 }, newEmail);
    for (const emails of [crowd, ['nobody'], [7], 'ada@acme.example'])
      expect(refusal(await owner.ask<never>('/billing/contacts', { emails }, 'PUT'))).toEqual([
        422,
        'VALIDATION_FAILED',
      ]);
    const unproved = await signUpByPassword(world.product.api.url);
    expect(
      refusal(
        await call<ErrorBody>(`${world.product.v1}/billing/contacts`, {
          ...{ method: 'PUT', bearer: unproved.access_token, body: { emails: [] } },
        }),
      ),
    ).toEqual([403, 'EMAIL_NOT_VERIFIED']);
    expect(await owner.get('/billing/contacts')).toEqual({ emails: [] });
  });
});

describe('who may see and do what about money (S2-13)', () => {
  const BASE = '/api/v1/billing/';
  const READS = ['subscription', 'plans', 'invoices', 'usage', 'contacts'];
  const WRITES: readonly (readonly [method: string, path: string, body: object])[] = [
    ['PATCH', 'subscription', { seats: 7 }],
    ['POST', 'checkout', { plan: 'TEAM' }],
    ['POST', 'portal', {}],
    ['POST', 'preview', { plan: 'TEAM' }],
    ['PUT', 'contacts', { emails: [] }],
  ];

  it('is owners and billing people, and nobody else, at every route', async () => {
    const owner = await team.owner();
    const answers = async (who: { access_token: string }) => {
      const told: Record<string, string> = {};
      const ask = async (method: string, path: string, body?: object) => {
        const answer = await call<ErrorBody>(`${world.product.v1}/billing/${path}`, {
          ...{ method, body, bearer: who.access_token },
        });
        const isRefused = answer.status === 403;
        told[`${method} ${path}`] = isRefused ? answer.body.error.code : 'let in';
      };
      for (const path of READS) await ask('GET', path);
      for (const [method, path, body] of WRITES) await ask(method, path, body);
      return told;
    };
    const routes = [
      ...READS.map((path) => `GET ${path}`),
      ...WRITES.map(([method, path]) => `${method} ${path}`),
    ];
    const all = (word: string) => Object.fromEntries(routes.map((route) => [route, word]));
    // Nothing that the API has is left out; the stream has a test of its own.
    const { paths } = await succeed<{ paths: Record<string, object> }>(`${world.product.v1}/openapi.json`);
    const served = Object.entries(paths)
      .filter(([path]) => path.startsWith(BASE))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice(BASE.length)}`),
      )
      .filter((route) => !/ (stream|webhooks\/\w+)$/.test(route));
    expect(routes.toSorted()).toEqual(served.toSorted());

    expect(await answers(owner)).toEqual(all('let in'));
    for (const role of ['billing', 'admin', 'developer', 'member']) {
      const somebody = await team.member(owner, role);
      expect([role, await answers(somebody)]).toEqual([
        ...[role, all(role === 'billing' ? 'let in' : 'MISSING_SCOPE')],
      ]);
    }
  });
});
