import { journeyProduct } from '../support/journey.js';
import { changeLicense } from '../support/license-terms.js';
import { type SeatBody, signUp, succeed } from '../support/person.js';

const product = journeyProduct();

type Owner = Awaited<ReturnType<typeof signUp>>;

interface VerdictBody {
  valid: boolean;
  code: string;
  detail: string;
  license?: { id: string; tier: string; entitlements: string[]; expires_at: string | null };
  quota?: { meter: string; limit: number; remaining: number; resets_at: string | null }[];
  lease?: string;
  nonce?: string;
}

interface Asked {
  hardware_id?: string;
  entitlements?: string[];
  nonce?: string;
}

const ask = (owner: Owner, asked: Asked = {}) =>
  succeed<VerdictBody>(`${product.v1}/licenses/validate`, {
    body: { license_key: owner.license.key, ...asked },
  });
const acquire = (owner: Owner, hardware_id: string) =>
  succeed<SeatBody>(`${product.v1}/licenses/acquire`, {
    body: { license_key: owner.license.key, hardware_id },
  });

const PAST = new Date(Date.now() - 2 * 86_400_000);

interface Case {
  terms?: Record<string, unknown>;
  row?: Record<string, unknown>;
  /** Who takes seats before anything is asked, while the licence is still as it was sold but for its seats. */
  holders?: string[];
  asked?: Asked;
  verdict: [string, boolean];
}

const NODE_LOCKED = { kind: 'node_locked' };

/** Every code of docs/verdicts.md, and each way to be valid in spite of it. */
const CASES: [string, Case][] = [
  ['is suspended', { row: { status: 'suspended' }, verdict: ['SUSPENDED', false] }],
  ['was revoked', { row: { status: 'revoked' }, verdict: ['REVOKED', false] }],
  ['has expired', { row: { expires_at: PAST }, verdict: ['EXPIRED', false] }],
  [
    'has expired and goes on for everybody',
    { terms: { expiryStrategy: 'allow' }, row: { expires_at: PAST }, verdict: ['EXPIRED', true] },
  ],
  [
    'has expired and goes on for whom it knows',
    {
      terms: { expiryStrategy: 'maintain' },
      row: { expires_at: PAST },
      holders: ['ada'],
      asked: { hardware_id: 'ada' },
      verdict: ['EXPIRED', true],
    },
  ],
  [
    'has expired and goes on for others than this one',
    {
      terms: { expiryStrategy: 'maintain' },
      row: { expires_at: PAST },
      holders: ['ada'],
      asked: { hardware_id: 'eve' },
      verdict: ['EXPIRED', false],
    },
  ],
  ['is overdue', { terms: { checkInDays: 1 }, row: { checked_in_at: PAST }, verdict: ['OVERDUE', false] }],
  [
    'is bound to another device',
    {
      terms: NODE_LOCKED,
      holders: ['ada'],
      asked: { hardware_id: 'eve' },
      verdict: ['DEVICE_MISMATCH', false],
    },
  ],
  [
    'is bound to this device',
    { terms: NODE_LOCKED, holders: ['ada'], asked: { hardware_id: 'ada' }, verdict: ['VALID', true] },
  ],
  ['is bound to no device', { terms: NODE_LOCKED, verdict: ['NO_DEVICE', false] }],
  [
    'has no seat for this device',
    { holders: ['ada'], asked: { hardware_id: 'eve' }, verdict: ['SEATS_EXCEEDED', false] },
  ],
  [
    'has a seat for this device',
    { holders: ['ada'], asked: { hardware_id: 'ada' }, verdict: ['VALID', true] },
  ],
  [
    'has more taken than was bought, which overage allows',
    { terms: { overage: '2x' }, holders: ['ada', 'bob'], verdict: ['SEATS_EXCEEDED', true] },
  ],
  [
    'lacks what was asked for',
    { asked: { entitlements: ['sso:use'] }, verdict: ['ENTITLEMENT_MISSING', false] },
  ],
  [
    'has nothing left of a meter',
    {
      terms: { meters: { commands: { limit: 0, period: 'day', billed: false } } },
      verdict: ['QUOTA_EXHAUSTED', false],
    },
  ],
  ['is sound', { asked: { entitlements: ['commands:execute'] }, verdict: ['VALID', true] }],
];

describe('the verdict on a licence that', () => {
  it.each(CASES)('%s', async (_, { terms = {}, row, holders = [], asked, verdict }) => {
    const owner = await signUp(product.api.url);
    if (holders.length > 0) {
      const { kind, overage } = terms as { kind?: string; overage?: string };
      await changeLicense(product, owner.license.id, { ...(kind && { kind }), ...(overage && { overage }) });
    }
    for (const hardwareId of holders) await acquire(owner, hardwareId);
    await changeLicense(product, owner.license.id, terms, row);

    const { valid, code, detail, license } = await ask(owner, asked);
    expect([code, valid]).toEqual(verdict);
    expect(detail).not.toBe('');
    expect(license?.id).toBe(owner.license.id);
  });

  it('nobody has issued', async () => {
    const owner = await signUp(product.api.url);
    owner.license.key = owner.license.key!.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    const verdict = await ask(owner, { nonce: 'n-1' });
    expect(verdict).toEqual({ valid: false, code: 'NOT_FOUND', detail: expect.any(String), nonce: 'n-1' });
  });

  it('is sound says what is left, when it ends, and the nonce that came', async () => {
    const owner = await signUp(product.api.url);
    const verdict = await ask(owner, { nonce: 'n-2' });
    expect(verdict).toEqual({
      valid: true,
      code: 'VALID',
      detail: 'The licence is valid.',
      license: { id: owner.license.id, tier: 'FREE', entitlements: ['commands:execute'], expires_at: null },
      quota: [
        { meter: 'commands', limit: 10, remaining: 10, resets_at: expect.stringMatching(/T00:00:00.000Z$/) },
      ],
      nonce: 'n-2',
    });
  });

  it('begins its term with its first validation says when it ends', async () => {
    const owner = await signUp(product.api.url);
    const terms = { durationDays: 30, expiryBasis: 'first_validation' };
    await changeLicense(product, owner.license.id, terms, { started_at: null });
    const before = Date.now();
    const [first, again] = [await ask(owner), await ask(owner)];
    expect(Date.parse(first.license!.expires_at!) - before).toBeGreaterThanOrEqual(30 * 86_400_000);
    expect(again.license!.expires_at).toBe(first.license!.expires_at);
  });
});
