import { randomUUID } from 'node:crypto';
import { newId } from '#platform';
import { billingWorld } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { changeLicense } from '../support/license-terms.js';
import { metricsOf } from '../support/metrics.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  refusal,
  type RegisteredBody,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import { teamOf } from '../support/team.js';

const DAY = 86_400_000;

const world = billingWorld({ BILLING_SHIP_USAGE_IDLE_MS: '100' });
const { product } = world;
const team = teamOf(product);

interface MonthBody {
  meter: string;
  month: string;
  recorded: number;
  shipped: number;
  waiting: number;
  failed: number;
  written_off: number;
  by_contract: number;
}

interface PageBody {
  data: MonthBody[];
  next_cursor: string | null;
}

beforeAll(async () => {
  await world.stripe.stripe.billing.meters.create({
    ...{ display_name: 'Commands', event_name: 'gatehouse_commands' },
    default_aggregation: { formula: 'sum' },
  });
});

/** In the ledger as it was recorded then. */
const recorded = (owner: RegisteredBody, usedAt: Date | string, amount: number, more: object = {}) => {
  const row = { meter: 'commands', status: 'shipped', ...more };
  return product.query(
    `insert into billing.usage_ledger (tenant_id, id, meter, use_key, amount, used_at, recorded_at, status)
     values ($1, $2, $3, $2, $4, $5, now(), $6)`,
    [owner.tenant.id, newId('use'), row.meter, amount, usedAt, row.status],
  );
};

const usage = (who: { access_token: string }, query = '') =>
  team.ask<PageBody>(who, `/billing/usage${query}`);

describe('GET /billing/usage', () => {
  it('has what was used of a billed meter once, and that Stripe bills it', async () => {
    const buyer = await world.owner();
    const { body: owner } = buyer;
    await buyer.buy({ plan: 'TEAM' });
    await buyer.licensed({ tier: 'TEAM', max_seats: 5 });
    await changeLicense(product, owner.license.id, {
      meters: { commands: { limit: null, period: 'day', billed: true } },
    });
    const idempotency_key = randomUUID();
    for (const use of [{ amount: 3, idempotency_key }, { amount: 3, idempotency_key }, { amount: 4 }])
      await succeed(`${product.v1}/licenses/usage`, {
        bearer: owner.access_token,
        body: { meter: 'commands', ...use },
      });
    await eventually(
      async () =>
        expect((await usage(owner)).data).toEqual([
          {
            ...{
              meter: 'commands',
              recorded: 7,
              shipped: 7,
              waiting: 0,
              failed: 0,
              written_off: 0,
              by_contract: 0,
            },
            month: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00\.000Z$/) as string,
          },
        ]),
      { withinMs: 30_000 },
    );
    const customer = (await buyer.customer()).id;
    const counted = world.stripe.local.books.store.all('usage').filter((one) => one.customer === customer);
    expect(counted.map((one) => one.value).toSorted()).toEqual([3, 4]);

    const worker = await metricsOf(product.worker.url);
    const api = await metricsOf(product.api.url);
    expect(worker.valueOf('billing_uses_settled_total', { outcome: 'shipped' })).toBeGreaterThanOrEqual(2);
    const shipped = { verb: 'ship_usage', outcome: 'done' };
    expect(worker.valueOf('stripe_calls_total', shipped)).toBeGreaterThanOrEqual(2);
    expect(worker.valueOf('stripe_events_settled_total', { status: 'applied' })).toBeGreaterThan(0);
    const bought = { verb: 'create_checkout' };
    expect(api.valueOf('stripe_calls_total', { ...bought, outcome: 'done' })).toBeGreaterThanOrEqual(1);
    expect(api.valueOf('stripe_call_duration_seconds_count', bought)).toBeGreaterThanOrEqual(1);
    expect([worker, api].map((one) => one.valueOf('stripe_gate_open'))).toEqual([1, 1]);
  });

  it('goes by the months of UTC, the newest first, page by page, and has nothing of others', async () => {
    const [owner, other] = [await team.owner(), await team.owner()];
    await recorded(owner, '2026-02-28T23:59:59.999Z', 1);
    await recorded(owner, '2026-03-01T00:00:00.000Z', 2);
    await recorded(owner, '2026-03-31T23:59:59.999Z', 4, { status: 'failed' });
    await recorded(owner, '2026-03-10T00:00:00.000Z', 8, { meter: 'tokens', status: 'written_off' });
    // Of another year by a clock elsewhere.
    await recorded(owner, '2026-01-01T00:30:00.000+14:00', 16);
    // Longer ago than a page tells of.
    await recorded(owner, '2024-12-31T23:59:59.999Z', 64);
    await recorded(other, '2026-03-01T00:00:00.000Z', 32);

    const rows: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: PageBody = await usage(owner, `?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      expect(page.data.length).toBeLessThanOrEqual(2);
      rows.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor);
    const none = { recorded: 0, shipped: 0, waiting: 0, failed: 0, written_off: 0, by_contract: 0 };
    const month = (text: string) => ({ month: `${text}-01T00:00:00.000Z` });
    expect(rows).toEqual([
      { ...none, ...month('2026-03'), meter: 'commands', recorded: 6, shipped: 2, failed: 4 },
      { ...none, ...month('2026-03'), meter: 'tokens', recorded: 8, written_off: 8 },
      { ...none, ...month('2026-02'), meter: 'commands', recorded: 1, shipped: 1 },
      { ...none, ...month('2025-12'), meter: 'commands', recorded: 16, shipped: 16 },
      { ...none, ...month('2024-12'), meter: 'commands', recorded: 64, shipped: 64 },
    ]);
    expect((await usage(other)).data).toEqual([
      { ...none, ...month('2026-03'), meter: 'commands', recorded: 32, shipped: 32 },
    ]);
    expect(
      await team.refused(owner, '/billing/usage', { headers: { 'x-tenant-id': other.tenant.id } }),
    ).toEqual([403, 'TENANT_MISMATCH']);
    for (const wrong of [
      'limit=0',
      'limit=101',
      'limit=many',
      'cursor=2026-13.commands',
      'cursor=x',
      'from=1',
    ])
      expect([wrong, ...(await team.refused(owner, `/billing/usage?${wrong}`))]).toEqual([
        ...[wrong, 422, 'VALIDATION_FAILED'],
      ]);
  });

  it('is for owners and billing people with a proved address', async () => {
    const owner = await team.owner();
    await recorded(owner, '2026-03-01T00:00:00.000Z', 2);
    const payer = await team.member(owner, 'billing');
    expect((await usage(payer)).data).toMatchObject([{ recorded: 2 }]);
    for (const role of ['admin', 'developer', 'viewer'])
      expect([role, ...(await team.refused(await team.member(owner, role), '/billing/usage'))]).toEqual([
        ...[role, 403, 'MISSING_SCOPE'],
      ]);
    const unproved = await signUpByPassword(product.api.url);
    expect(await team.refused(unproved, '/billing/usage')).toEqual([403, 'EMAIL_NOT_VERIFIED']);
    expect(refusal(await call<ErrorBody>(`${product.v1}/billing/usage`))).toEqual([
      ...[401, 'UNAUTHENTICATED'],
    ]);
  });
});

describe('gatehouse-admin billing uses', () => {
  it('lists what is stuck with why, and writes off with a reason what cannot be sent any more', async () => {
    const owner = await team.owner();
    const ofThem = ['--tenant', owner.tenant.id];
    await recorded(owner, new Date(Date.now() - 36 * DAY), 5, { status: 'waiting' });
    const listed = await eventually(
      async () => {
        const text = await product.admin('billing', 'uses', ...ofThem);
        expect(text).toMatch(/^\S+Z use_\w+ ten_\w+ 5 commands parked 0 attempts: TOO_OLD\n$/);
        return text;
      },
      { withinMs: 30_000 },
    );
    const [id] = /use_\w+/.exec(listed)!;
    const because = ['--reason', 'billed by hand'];
    expect(await product.admin('billing', 'uses', 'requeue', ...ofThem, ...because)).toBe(
      `${id} is left: Stripe takes what was used in the last 35 days. Bill it by hand, and write it off.\n1 left as they are.\n`,
    );
    expect(await product.admin('billing', 'uses', 'write-off', '--use', id, ...because)).toBe(
      '1 written off.\n',
    );
    expect(await product.admin('billing', 'uses', ...ofThem)).toBe('None.\n');
    expect((await usage(owner)).data).toMatchObject([{ recorded: 5, failed: 0, written_off: 5 }]);
    await eventually(async () => {
      const { data } = await team.ask<AuditBody>(owner, '/audit?limit=100');
      expect(data.find((one) => one.action === 'BILLED_USES_DECIDED')).toMatchObject({
        actor: { type: 'operator' },
        metadata: { decision: 'written_off', amount: 5, uses: [id], reason: 'billed by hand' },
      });
    });
    const worker = await metricsOf(product.worker.url);
    expect(worker.valueOf('billing_uses_settled_total', { outcome: 'parked' })).toBeGreaterThanOrEqual(1);

    await expect(product.admin('billing', 'uses', 'write-off', ...because)).rejects.toThrow(/which uses/);
    await expect(product.admin('billing', 'uses', 'requeue', ...ofThem)).rejects.toThrow(/reason/);
    await expect(
      product.admin('billing', 'uses', 'counted', 'use_00000000000000000000000000', ...because),
    ).rejects.toThrow(/not found|no such/i);
  });
});
