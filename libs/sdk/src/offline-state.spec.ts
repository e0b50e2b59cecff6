import { InvalidDocument } from './formats/invalid-document.js';
import { encodeOfflineState, type OfflineState, parseOfflineState } from './offline-state.js';

const at = Date.parse('2026-03-01T12:00:00.001Z');
const EMPTY: OfflineState = {
  leaseToken: null,
  keySets: [],
  clockOffset: 0,
  highWater: 0,
  seat: null,
  sessionId: null,
  ledger: { seeds: [], pending: [] },
};
const FULL: OfflineState = {
  leaseToken: 'a.b.c',
  keySets: ['d.e.f'],
  clockOffset: -86_400_001,
  highWater: at,
  seat: { status: 'held', expiresAt: at + 1 },
  sessionId: 'seat_x',
  ledger: {
    seeds: [
      { meter: 'commands', at, remaining: 3, perDay: 10, resetsAt: at + 2 },
      { meter: 'exports', at, remaining: null, perDay: null, resetsAt: null },
    ],
    pending: [
      { meter: 'commands', amount: 2, dayEnds: at + 2, idempotencyKey: null },
      { meter: 'exports', amount: 1, dayEnds: null, idempotencyKey: 'key-1' },
    ],
  },
};

describe('what a client remembers', () => {
  it.each([
    ['nothing', EMPTY],
    ['everything', FULL],
    ['a lost seat', { ...FULL, seat: { status: 'lost' } }],
    ['a seat given back', { ...FULL, seat: { status: 'released' } }],
  ] as [string, OfflineState][])('is read as it was written: %s', (_, state) => {
    expect(parseOfflineState(encodeOfflineState(state))).toEqual(state);
  });

  it('is written in snake_case', () => {
    expect(encodeOfflineState(FULL)).not.toMatch(/"[a-z]*[A-Z][A-Za-z]*":/);
  });

  it.each([
    ['no JSON', 'x'],
    ['another version', encodeOfflineState(EMPTY).replace('"version":1', '"version":2')],
    ['no clock', encodeOfflineState(EMPTY).replace('"clock"', '"clocks"')],
    ['half a millisecond', encodeOfflineState(EMPTY).replace('"offset_ms":0', '"offset_ms":0.5')],
    ['an odd seat', encodeOfflineState(FULL).replace('"held"', '"mine"')],
    ['a negative use', encodeOfflineState(FULL).replace('"amount":2', '"amount":-2')],
  ])('is not %s', (_, text) => {
    expect(() => parseOfflineState(text)).toThrow(InvalidDocument);
  });
});
