import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './parts/part.js';
import { readChoices } from './settings.js';
import { sdkFor, webhookCatcher } from './stripe/testing.js';
import { stripe as startLocalStripe } from './surroundings.js';

const KEY = 'sk_test_ofthisclone';
const SECRET = 'whsec_0123456789abcdef';

describe('the local Stripe of npm start', () => {
  const directory = mkdtempSync(join(tmpdir(), 'surroundings-'));
  const place = { directory, logFile: join(directory, 'stripe.log') };
  const running: Part[] = [];
  const keep = <T extends Part>(part: T): T => {
    running.push(part);
    return part;
  };
  const secrets = Promise.resolve({ STRIPE_SECRET_KEY: KEY, STRIPE_WEBHOOK_SECRET: SECRET });
  afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is what runtime.json and the settings say, and tells the API what happens', async () => {
    const catcher = await webhookCatcher();
    try {
      const started = await startLocalStripe(readChoices({}), keep, {}, secrets, catcher.url, place);
      const [part] = running as [Part];
      expect(started).toEqual({
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        pid: part.pid,
        settings: {
          ...{ ENABLE_BILLING: 'true', STRIPE_API_URL: started.url },
          ...{ STRIPE_SECRET_KEY: KEY, STRIPE_WEBHOOK_SECRET: SECRET },
        },
      });
      // It lives.
      expect(process.kill(part.pid, 0)).toBe(true);

      const sdk = sdkFor(started.url!, { key: KEY });
      const { id } = await sdk.customers.create({ name: 'Ada' });
      await catcher.until((caught) => caught.length > 0);
      const [{ body, signature }] = catcher.caught as [(typeof catcher.caught)[number]];
      expect(sdk.webhooks.constructEvent(body, signature, SECRET)).toMatchObject({
        ...{ type: 'customer.created', data: { object: { id } } },
      });
      await expect(sdkFor(started.url!).customers.list()).rejects.toMatchObject({ statusCode: 401 });
    } finally {
      await catcher.stop();
    }
  });

  it('signs with the caller’s secret, and stays away where the caller brings a key', async () => {
    const own = { ENABLE_BILLING: 'false', STRIPE_WEBHOOK_SECRET: 'whsec_of_the_caller' };
    const { settings } = await startLocalStripe(
      ...([readChoices(own), keep, own, secrets, 'http://127.0.0.1:1/hooks', place] as const),
    );
    expect(settings).toMatchObject(own);
    const brought = { STRIPE_SECRET_KEY: 'sk_test_of_the_caller' };
    expect(
      await startLocalStripe(readChoices(brought), keep, brought, secrets, 'http://127.0.0.1:1/hooks', place),
    ).toEqual({ url: null, pid: null, settings: {} });
    expect(running).toHaveLength(1);
  });
});
