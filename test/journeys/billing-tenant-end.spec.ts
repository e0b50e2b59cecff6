import { fault } from '../support/billing-changes.js';
import { billingWorld } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { succeed } from '../support/person.js';
import { HASTY, PATIENT } from '../support/tenant-life.js';
import { rowsOf } from '../support/tenant-rows.js';

const PATIENCE_MS = 300_000;
const world = billingWorld({ ...HASTY, BILLING_APPLY_RETRY_MS: '200', BILLING_APPLY_IDLE_MS: '50' });

describe('the subscription of an organisation that is deleted while Stripe is away', () => {
  it(
    'ends when Stripe is back, although nothing is left of the organisation and its worker was killed',
    async () => {
      const { product, stripe } = world;
      const owner = await world.subscriber();
      const { id: customer } = await owner.customer();
      const { id: tenantId, slug } = owner.body.tenant;
      const aliveThere = async () =>
        (await stripe.stripe.subscriptions.list({ customer, status: 'trialing' })).data.length;
      expect(await aliveThere()).toBe(1);

      // The product's calls alone go wrong: the test still looks.
      const broken = { kind: 'status', status: 500, times: 1_000_000 } as const;
      fault(stripe, { ...broken, match: { method: 'GET', path: `/v1/customers/${customer}` } });
      fault(stripe, { ...broken, match: { method: 'DELETE', path: '/v1/**' } });
      await succeed(`${product.v1}/tenant`, {
        ...{ method: 'DELETE', bearer: owner.body.access_token, body: { slug } },
      });
      await product.query(
        `update tenancy.tenants set deletes_at = now() - interval '1 day' where tenant_id = $1`,
        [tenantId],
      );
      await eventually(async () => {
        expect(await rowsOf(product, tenantId)).toEqual({ 'audit.entries': 1, 'platform.closed_tenants': 1 });
      }, PATIENT);
      const kept = () =>
        product.query<{ row: string; failure: string | null }>(
          'select to_jsonb(e)::text as row, failure from billing.endings e where customer_id = $1',
          [customer],
        );
      await eventually(async () => expect(await kept()).toMatchObject([{ failure: '500' }]), PATIENT);
      const row = (await kept())[0]!.row;
      for (const word of [tenantId, owner.body.user.id, owner.body.user.email, slug, '@'])
        expect(row).not.toContain(word);
      expect(await aliveThere()).toBe(1);

      await product.worker.kill();
      product.worker = await product.startWorker();
      stripe.local.faults.clear();
      await eventually(async () => expect(await aliveThere()).toBe(0), PATIENT);
      await eventually(async () => expect(await kept()).toEqual([]), PATIENT);
    },
    PATIENCE_MS,
  );
});
