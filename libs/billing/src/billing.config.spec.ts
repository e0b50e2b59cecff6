import { randomBytes } from 'node:crypto';
import { ConfigError, loadConfig, readEnvironment } from '#platform';
import { BillingConfig } from './billing.config.js';

const drawn = () => randomBytes(18).toString('hex');
const key = (kind: string) => `${kind}_${drawn()}`;

const faults = (variables: Record<string, string>): readonly string[] => {
  try {
    loadConfig([BillingConfig], readEnvironment({ ENV: 'local', ...variables }));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

describe('the settings of billing (S2-29)', () => {
  const SOLD = {
    ENABLE_BILLING: 'true',
    STRIPE_SECRET_KEY: key('sk_test'),
    STRIPE_WEBHOOK_SECRET: `whsec_${drawn()}`,
  };

  it('need nothing where nothing is sold', () => expect(faults({})).toEqual([]));

  it('refuse to sell without credentials, each of them told', () => {
    expect(faults({ ENABLE_BILLING: 'true' })).toEqual([
      'STRIPE_SECRET_KEY: ENABLE_BILLING=true needs it.',
      'STRIPE_WEBHOOK_SECRET: ENABLE_BILLING=true needs it.',
    ]);
    expect(faults(SOLD)).toEqual([]);
    expect(faults({ ...SOLD, ENV: 'production', STRIPE_SECRET_KEY: key('rk_live') })).toEqual([]);
  });

  it.each([`pk_test_${drawn()}`, 'sk_test_xxxxxxxxxxxxxxxxxxxx', 'sk_test_short'])(
    'take no %s for a secret key, and do not repeat it',
    (wrong) => {
      const told = faults({ ...SOLD, STRIPE_SECRET_KEY: wrong });
      expect(told).toEqual([expect.stringMatching(/^STRIPE_SECRET_KEY: must be /)]);
      expect(told.join()).not.toContain(wrong);
    },
  );

  it.each([
    'http://stripe.example.com',
    'ftp://127.0.0.1',
    'https://api.stripe.com/v1',
    'https://key@api.stripe.com',
    'nonsense',
  ])('take no %s for where Stripe is', (url) =>
    expect(faults({ ...SOLD, STRIPE_API_URL: url })).toEqual([
      expect.stringMatching(/^STRIPE_API_URL: must be an https origin/),
    ]),
  );

  it('take plain HTTP on this machine, for test mode', () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      expect(faults({ ...SOLD, STRIPE_API_URL: `http://${host}:12111` })).toEqual([]);
    }
  });

  it('show a live key to nobody but Stripe, and let production know no other', () => {
    const elsewhere = { ...SOLD, STRIPE_API_URL: 'https://stripe.example.com' };
    expect(faults({ ...elsewhere, STRIPE_SECRET_KEY: key('sk_live') })).toEqual([
      'STRIPE_API_URL: a live key is shown to https://api.stripe.com alone.',
    ]);
    expect(faults({ ...elsewhere, ENV: 'production' })).toEqual([
      'STRIPE_API_URL: production knows no other Stripe than its own.',
    ]);
    expect(faults({ ...SOLD, STRIPE_SECRET_KEY: key('sk_live'), STRIPE_TEST_CLOCK: 'clock_1abc' })).toEqual([
      'STRIPE_TEST_CLOCK: a live key knows no test clock.',
    ]);
  });
});
