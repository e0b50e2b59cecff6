import { readFileSync } from 'node:fs';
import fc from '../../../test/support/properties.js';
import { FILES } from '../../../test/vectors/generate.js';
import { type Claims, toInstant } from './formats/claims.js';
import { leaseFromClaims, type LeaseStatus } from './formats/lease.js';
import { type Answer, leaseState, type LeaseStateInput, type SeatKnowledge } from './lease-state.js';
import { FREE, termsOf } from './terms.js';
import { leaseOf } from './testing/signer.js';

type SeatJson = { status: 'held'; expires_at: string } | { status: 'lost' } | { status: 'released' };
type AnswerJson =
  | Extract<Answer, { kind: 'http' | 'released' }>
  | { kind: 'lease'; live: boolean; lease: Claims }
  | { kind: 'seat'; expires_at: string };
interface Vector {
  name: string;
  input: {
    lease: Claims | null;
    time: { wall: string; offset_ms: number; high_water: string };
    seat: SeatJson | null;
    answer: AnswerJson | null;
  };
  expected: object;
}

const file = readFileSync(new URL('../../../test/vectors/lease-state.json', import.meta.url), 'utf8');
const { lease_defaults, vectors } = JSON.parse(file) as { lease_defaults: Claims; vectors: Vector[] };

const lease = (claims: Claims) => leaseFromClaims({ ...lease_defaults, ...claims });
const seat = (json: SeatJson): SeatKnowledge =>
  json.status === 'held' ? { status: 'held', expiresAt: Date.parse(json.expires_at) } : json;
const seatJson = (known: SeatKnowledge): SeatJson =>
  known.status === 'held' ? { status: 'held', expires_at: toInstant(known.expiresAt) } : known;
function answer(json: AnswerJson): Answer {
  if (json.kind === 'lease') return { ...json, lease: lease(json.lease) };
  return json.kind === 'seat' ? { kind: 'seat', expiresAt: Date.parse(json.expires_at) } : json;
}

function play({ input }: Vector) {
  const asked: LeaseStateInput = {
    lease: input.lease && lease(input.lease),
    time: {
      wall: Date.parse(input.time.wall),
      offset: input.time.offset_ms,
      highWater: Date.parse(input.time.high_water),
    },
    seat: input.seat && seat(input.seat),
    answer: input.answer && answer(input.answer),
  };
  const told = leaseState(asked);
  const { keep } = told;
  return {
    state: told.state,
    reason: told.reason,
    until: told.until === null ? null : toInstant(told.until),
    left_ms: told.leftMs,
    now: toInstant(told.now),
    taken: told.taken,
    keep: {
      lease: keep.lease === null ? null : keep.lease === asked.lease ? 'cached' : 'answer',
      offset_ms: keep.offset,
      high_water: toInstant(keep.highWater),
      seat: keep.seat && seatJson(keep.seat),
    },
  };
}

describe('the vectors of what a client may do', () => {
  it('are at least 200, each with a name of its own, as the generator makes them', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(200);
    expect(new Set(vectors.map((one) => one.name)).size).toBe(vectors.length);
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(FILES['lease-state.json'])));
  });

  it.each(vectors.map((one) => [one.name, one]))('%s', (_, vector) => {
    expect(play(vector)).toEqual(vector.expected);
  });
});

describe('over many answers', () => {
  const HOUR = 3600_000;
  const start = Date.parse('2026-03-01T00:00:00Z');
  const status = fc.constantFrom<LeaseStatus>('active', 'suspended', 'revoked');
  const leases = fc
    .record({ status, revision: fc.nat(3), hours: fc.nat(300) })
    .map((told) => leaseOf({ ...told, issuedAt: start + told.hours * HOUR }));
  const answers = fc.oneof(
    leases.map((one): Answer => ({ kind: 'lease', lease: one, live: true })),
    leases.map((one): Answer => ({ kind: 'lease', lease: one, live: false })),
    fc.constantFrom<Answer>(
      { kind: 'http', status: null },
      { kind: 'http', status: 500 },
      { kind: 'http', status: 410, code: 'SEAT_GONE' },
      { kind: 'released' },
      { kind: 'seat', expiresAt: start + HOUR },
    ),
  );
  const steps = fc.array(
    fc.record({ answer: fc.option(answers), hours: fc.integer({ min: -400, max: 400 }) }),
    {
      maxLength: 30,
    },
  );

  it('a signed revocation holds until a higher signed revision', () => {
    fc.assert(
      fc.property(steps, (played) => {
        let kept: Omit<LeaseStateInput, 'time' | 'answer'> & { offset: number; highWater: number } = {
          lease: leaseOf({ status: 'revoked', revision: 2, issuedAt: start }),
          seat: null,
          offset: 0,
          highWater: start,
        };
        let isLifted = false;
        for (const step of played) {
          isLifted ||= step.answer?.kind === 'lease' && step.answer.lease.revision > 2;
          const { offset, highWater, lease: cached, seat: known } = kept;
          const time = { wall: start + step.hours * HOUR, offset, highWater };
          const told = leaseState({ lease: cached, seat: known, time, answer: step.answer });
          if (!isLifted) expect(told.state).toBe('revoked');
          kept = told.keep;
        }
      }),
    );
  });

  it('without a lease newer than the cached one, time never goes back and nothing grows fresher', () => {
    const order = ['fresh', 'grace', 'free'];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -400, max: 400 }), { maxLength: 30 }), (hours) => {
        let kept = { lease: leaseOf({ issuedAt: start }), offset: 0, highWater: 0, seat: null } as ReturnType<
          typeof leaseState
        >['keep'];
        let worst = 0;
        for (const hour of hours) {
          const time = { wall: start + hour * HOUR, offset: kept.offset, highWater: kept.highWater };
          const told = leaseState({ ...kept, time, answer: { kind: 'http', status: 503 } });
          expect(told.keep.highWater).toBeGreaterThanOrEqual(kept.highWater);
          const rank = order.indexOf(told.state);
          if (rank >= 0) {
            expect(rank).toBeGreaterThanOrEqual(worst);
            worst = rank;
          } else {
            expect(told.state).toBe('clock_tampered');
          }
          kept = told.keep;
        }
      }),
    );
  });
});

describe('the terms of a state', () => {
  const cached = leaseOf({
    quota: [{ meter: 'commands', remaining: null, perDayAllowance: null, resetsAt: null }],
  });
  const fallback = { plan: 'Basis', entitlements: ['read'], allowances: [] };
  const keep = { lease: cached, offset: 0, highWater: 0, seat: null };

  it.each(['fresh', 'grace'] as const)('are those of the lease while %s', (state) => {
    const terms = { plan: 'PRO', entitlements: cached.entitlements, allowances: null };
    expect(termsOf({ state, keep })).toEqual(terms);
  });

  it.each(['free', 'clock_tampered'] as const)(
    'are Free when %s, as the lease tells it if it does',
    (state) => {
      expect(termsOf({ state, keep })).toEqual(FREE);
      expect(termsOf({ state, keep: { ...keep, lease: null } }, fallback)).toEqual(fallback);
      expect(termsOf({ state, keep: { ...keep, lease: leaseOf({ fallback }) } })).toEqual(fallback);
    },
  );

  it.each(['suspended', 'revoked'] as const)('are nothing when %s', (state) => {
    expect(termsOf({ state, keep })).toEqual({ plan: null, entitlements: [], allowances: [] });
  });
});
