import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sdkFor, TEST_KEY } from '../stripe/testing.js';
import { startStripe } from './stripe.js';

describe('the local Stripe as a part', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stripe-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('behaves as badly as the network does, unless it is asked not to', async () => {
    const part = await startStripe({ directory, durable: false });
    try {
      const said = await fetch(`${part.url}/_control/webhooks`);
      expect(await said.json()).toMatchObject({ chaos: { on: true, max_delay_ms: 300 } });
    } finally {
      await part.stop();
    }
  });

  it('serves the SDK, and knows after a restart what it knew', async () => {
    const first = await startStripe({ directory, apiKeys: [TEST_KEY] });
    const { id } = await sdkFor(first.url).customers.create({ name: 'Ada' });
    await first.stop();
    expect(await first.ended).toContain('0');

    const second = await startStripe({ directory, apiKeys: [TEST_KEY] });
    try {
      expect(await sdkFor(second.url).customers.retrieve(id)).toMatchObject({ name: 'Ada' });
      await expect(
        sdkFor(second.url, { key: 'sk_test_ofanotherclone' }).customers.list(),
      ).rejects.toMatchObject({
        statusCode: 401,
      });
    } finally {
      await second.stop();
    }
  });
});
