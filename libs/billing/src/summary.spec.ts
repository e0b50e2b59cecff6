import { randomBytes } from 'node:crypto';
import { loadConfig, type Log, ManualClock, readEnvironment } from '#platform';
import { BillingConfig } from './billing.config.js';
import { Prices } from './catalogue/prices.js';
import { BillingSummary, masked } from './summary.js';

describe('the summary of the settings (S2-29)', () => {
  it('tells secrets apart and gives none away', () => {
    expect(masked('sk_live_1234567890abcdefWXYZ')).toBe('sk_live_…WXYZ');
    expect(masked('whsec_1234567890abcdefWXYZ')).toBe('whsec_…WXYZ');
    expect(masked(undefined)).toBeNull();
  });

  /** What a process says at its start. */
  function said(variables: Record<string, string>): unknown[][] {
    const lines: unknown[][] = [];
    const note = (...line: unknown[]) => void lines.push(line);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    const settings = loadConfig([BillingConfig], readEnvironment({ ENV: 'local', ...variables }));
    new BillingSummary(
      settings.of(BillingConfig),
      new Prices({ file: 'plans.yaml' }, new ManualClock()),
      log,
    ).onApplicationBootstrap();
    return lines;
  }

  it('is one line at start, with no secret in it', () => {
    const drawn = () => randomBytes(18).toString('hex');
    const secrets = {
      STRIPE_SECRET_KEY: `sk_test_${drawn()}`,
      STRIPE_WEBHOOK_SECRET: `whsec_${drawn()}`,
      STRIPE_WEBHOOK_SECRET_PREVIOUS: `whsec_${drawn()}`,
      STRIPE_THIN_WEBHOOK_SECRET: `whsec_${drawn()}`,
      STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS: `whsec_${drawn()}`,
    };
    const lines = said({ ENABLE_BILLING: 'true', ...secrets });
    expect(lines).toEqual([
      [
        {
          billing: {
            mode: 'test',
            stripe: 'https://api.stripe.com',
            stripe_key: `sk_test_…${secrets.STRIPE_SECRET_KEY.slice(-4)}`,
            webhooks: `whsec_…${secrets.STRIPE_WEBHOOK_SECRET.slice(-4)}`,
            webhooks_before: `whsec_…${secrets.STRIPE_WEBHOOK_SECRET_PREVIOUS.slice(-4)}`,
            thin_webhooks: `whsec_…${secrets.STRIPE_THIN_WEBHOOK_SECRET.slice(-4)}`,
            plans: ['PRO', 'TEAM'],
          },
        },
        'Plans are sold through Stripe.',
      ],
    ]);
    const text = JSON.stringify(lines);
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret.slice(-8));
  });

  it('says that nothing is sold where that is so', () => {
    expect(said({})).toEqual([[{ billing: 'off' }, 'Nothing is sold here.']]);
  });
});
