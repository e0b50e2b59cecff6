import { readFileSync } from 'node:fs';
import type { LicenseFacts, Question } from './verdict.js';
import { judge, VERDICT_CODES, VERDICTS } from './verdict.js';

const NOW = new Date('2026-05-01T12:00:00Z');
const PAST = new Date(NOW.getTime() - 1);

type Facts = Partial<Omit<LicenseFacts, 'terms'>> & { terms?: Partial<LicenseFacts['terms']> };

const verdict = (facts: Facts | null, asked: Partial<Question> = {}) => {
  const terms = {
    kind: 'floating' as const,
    seats: 2,
    seatCap: 2,
    expiryStrategy: 'restrict' as const,
    entitlements: ['sync:read'],
    ...facts?.terms,
  };
  const license = facts && {
    blocked: null,
    expiresAt: null,
    checkInDueAt: null,
    devices: [],
    ...facts,
    terms,
  };
  const seats = { used: 0, isHolder: false };
  const question = { now: NOW, wanted: [], device: null, seats, isQuotaExhausted: false, ...asked };
  const { valid, code } = judge(license, question);
  return `${code} ${valid}`;
};

const LOCKED = { kind: 'node_locked' } as const;
const taken = (used: number, isHolder = false) => ({ seats: { used, isHolder } });

describe('the verdict on a licence', () => {
  it.each<[string, Facts | null, Partial<Question>]>([
    ['NOT_FOUND false', null, {}],
    ['SUSPENDED false', { blocked: 'SUSPENDED', expiresAt: PAST }, {}],
    ['REVOKED false', { blocked: 'REVOKED', expiresAt: PAST }, {}],
    ['REVOKED false', { blocked: 'TRANSFERRED' }, {}],
    ['EXPIRED false', { expiresAt: NOW, checkInDueAt: PAST }, {}],
    ['VALID true', { expiresAt: new Date(NOW.getTime() + 1) }, {}],
    ['EXPIRED true', { expiresAt: PAST, terms: { expiryStrategy: 'allow' } }, {}],
    ['EXPIRED false', { expiresAt: PAST, terms: { expiryStrategy: 'maintain' } }, {}],
    [
      'EXPIRED false',
      { expiresAt: PAST, terms: { expiryStrategy: 'maintain' } },
      { device: 'd', ...taken(1) },
    ],
    [
      'EXPIRED true',
      { expiresAt: PAST, terms: { expiryStrategy: 'maintain' } },
      { device: 'd', ...taken(1, true) },
    ],
    [
      'EXPIRED true',
      { expiresAt: PAST, devices: ['d'], terms: { ...LOCKED, expiryStrategy: 'maintain' } },
      { device: 'd' },
    ],
    [
      'EXPIRED false',
      { expiresAt: PAST, devices: ['d'], terms: { ...LOCKED, expiryStrategy: 'maintain' } },
      { device: 'e' },
    ],
    ['OVERDUE false', { checkInDueAt: NOW }, { wanted: ['sync:write'] }],
    ['VALID true', { checkInDueAt: new Date(NOW.getTime() + 1) }, {}],
    ['DEVICE_MISMATCH false', { devices: ['d'], terms: LOCKED }, { device: 'e', wanted: ['sync:write'] }],
    ['VALID true', { devices: ['d'], terms: LOCKED }, { device: 'd', ...taken(2) }],
    ['VALID true', { devices: ['d'], terms: LOCKED }, {}],
    ['NO_DEVICE false', { terms: LOCKED }, { device: 'e' }],
    ['NO_DEVICE false', { terms: LOCKED }, {}],
    ['SEATS_EXCEEDED false', { devices: ['d', 'e', 'f'], terms: LOCKED }, { device: 'd' }],
    ['SEATS_EXCEEDED false', {}, taken(3)],
    ['SEATS_EXCEEDED true', { terms: { seatCap: 3 } }, taken(3)],
    ['SEATS_EXCEEDED true', { terms: { seatCap: null } }, { device: 'd', ...taken(99) }],
    ['SEATS_EXCEEDED false', {}, { device: 'd', ...taken(2) }],
    ['VALID true', {}, { device: 'd', ...taken(2, true) }],
    ['VALID true', {}, { device: 'd', ...taken(1) }],
    ['VALID true', {}, taken(2)],
    ['VALID true', { terms: { seats: null, seatCap: null } }, { device: 'd', ...taken(99) }],
    ['VALID true', {}, { device: 'd', seats: null }],
    ['ENTITLEMENT_MISSING false', {}, { wanted: ['sync:read', 'sync:write'], isQuotaExhausted: true }],
    ['VALID true', {}, { wanted: ['sync:read'] }],
    ['QUOTA_EXHAUSTED false', {}, { isQuotaExhausted: true }],
    // What makes it invalid is told before what does not.
    [
      'ENTITLEMENT_MISSING false',
      { expiresAt: PAST, terms: { expiryStrategy: 'allow' } },
      { wanted: ['sync:write'] },
    ],
    ['QUOTA_EXHAUSTED false', { terms: { seatCap: 4 } }, { ...taken(3), isQuotaExhausted: true }],
    ['EXPIRED true', { expiresAt: PAST, terms: { expiryStrategy: 'allow', seatCap: 4 } }, taken(3)],
  ])('is %s, case %#', (expected, facts, asked) => {
    expect(verdict(facts, asked)).toBe(expected);
  });
});

it('docs/verdicts.md says what the code says, in its order', () => {
  const page = readFileSync('docs/verdicts.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` *\| *(.*?) *\| *(.*?) *\|$/gm)].map(
    ([, ...cells]) => cells,
  );
  const expected = VERDICT_CODES.map((code) => {
    const { applies, toleratedWhen } = VERDICTS[code];
    return [code, code === 'VALID' ? 'yes' : toleratedWhen ? `when ${toleratedWhen}` : 'no', applies];
  });
  expect(rows).toEqual(expected);
});
