import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customerWith, sell, testStripe, webhookCatcher } from './testing.js';

describe('what npm start finds again', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-stripe-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is everything, keys and time included', async () => {
    const catcher = await webhookCatcher();
    const webhook = { url: catcher.url, secret: 'whsec_ofthisclone' };
    const options = { snapshotFile: join(directory, 'state', 'stripe.json'), webhook };
    const first = await testStripe(options);
    const sold = await sell(first.stripe);
    const customer = await customerWith(first.stripe);
    const made = await first.stripe.subscriptions.create(
      { customer: customer.id, items: [{ price: sold.pro.id }] },
      { idempotencyKey: 'kept' },
    );
    await first.control('POST', 'clock', { advance: 3_600 });
    const { url } = first.local;
    await first.stop();
    expect(statSync(options.snapshotFile).mode & 0o777).toBe(0o600);

    const second = await testStripe(options);
    expect(second.local.url).toBe(url);
    expect(await second.stripe.subscriptions.retrieve(made.id)).toMatchObject({
      status: 'active',
      customer: customer.id,
    });
    expect((await second.stripe.webhookEndpoints.list()).data).toMatchObject([{ url: catcher.url }]);
    expect(await second.control('GET', 'clock')).toMatchObject({ ahead: 3_600 });
    const again = await second.stripe.subscriptions.create(
      { customer: customer.id, items: [{ price: sold.pro.id }] },
      { idempotencyKey: 'kept' },
    );
    expect(again.id).toBe(made.id);
    catcher.caught.length = 0;
    await second.stripe.customers.create({});
    await catcher.until((caught) => caught.some((one) => one.event.type === 'customer.created'));
    const { body, signature } = catcher.caught[0]!;
    expect(second.stripe.webhooks.constructEvent(body, signature, webhook.secret).type).toBe(
      'customer.created',
    );
    await second.stop();
    await catcher.stop();
  });
});
