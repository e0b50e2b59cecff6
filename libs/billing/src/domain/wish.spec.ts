import {
  type Bought,
  fulfilled,
  outcomeOf,
  type Wish,
  wishAfter,
  type WishOutcome,
  withOutcome,
} from './wish.js';

const TEAM: Bought = { plan: 'TEAM', interval: 'month', seats: 6 };
const all = (...wishes: Wish[]) =>
  wishes.reduce<Wish | null>((before, next) => wishAfter(before, next, TEAM), null) ?? {};

describe('wishes', () => {
  it.each<[string, Wish[], object]>([
    ['the last seats', [{ seats: 8 }, { seats: 12 }], { plan: 'TEAM', interval: 'month', seats: 12 }],
    ['what is left out as it is', [{ interval: 'year' }], { plan: 'TEAM', interval: 'year', seats: 6 }],
    ['each its own', [{ interval: 'year' }, { seats: 9 }], { plan: 'TEAM', interval: 'year', seats: 9 }],
    ['another plan with its seats', [{ seats: 9 }, { plan: 'PRO' }], { plan: 'PRO', interval: 'month' }],
    ['there and back', [{ plan: 'PRO' }, { plan: 'TEAM' }], { plan: 'TEAM', interval: 'month', seats: 6 }],
    ['the same plan, and seats', [{ seats: 9 }, { plan: 'TEAM' }], { plan: 'TEAM', seats: 9 }],
    ['a plan and then seats', [{ plan: 'PRO' }, { seats: 1 }], { plan: 'PRO', seats: 1 }],
  ])('come to what they would one after the other: %s', (_, wishes, wanted) =>
    expect(fulfilled(all(...wishes), TEAM)).toMatchObject(wanted),
  );

  it('end with the write that had them, however many came after', () => {
    const ended = (upTo: number, status: WishOutcome['status']): WishOutcome => ({
      ...{ upTo, status, wanted: {}, refusal: null, at: '2026-11-23T12:00:00.000Z' },
    });
    const outcomes = [ended(2, 'done'), ended(5, 'refused')];
    expect([1, 2, 3, 5, 6].map((one) => outcomeOf(outcomes, one)?.status)).toEqual([
      ...['done', 'done', 'refused', 'refused', undefined],
    ]);
    let kept: WishOutcome[] = [];
    for (let i = 1; i <= 50; i++) kept = withOutcome(kept, ended(i, 'done'));
    expect([kept.length, kept.at(-1)?.upTo]).toEqual([20, 50]);
  });
});
