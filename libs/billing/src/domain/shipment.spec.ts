import { countedOf, retryOf, stepOf, toldAs } from './shipment.js';

const HOUR = 3_600_000;
const NOW = new Date('2026-03-31T12:00:00Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms);

describe('a use on its way to Stripe', () => {
  it.each([
    ['is sent', HOUR, null, 'send'],
    ['is sent again while Stripe knows it again', 24 * HOUR, 22 * HOUR, 'send'],
    ['is never sent blind: after that it is compared', 24 * HOUR, 23.5 * HOUR, 'compare'],
    ['waits while it lies in the future', -HOUR, null, 'wait'],
    ['is for operators when Stripe takes it no more', 35 * 24 * HOUR, null, 'too_old'],
    ['is compared then, if it may have been counted', 35 * 24 * HOUR, 2 * HOUR, 'compare'],
    ['but not before it has been counted', 35 * 24 * HOUR, 0.5 * HOUR, 'wait'],
  ] as const)('%s', (_, usedAgo, sentAgo, step) => {
    expect(stepOf({ usedAt: ago(usedAgo), sentAt: sentAgo === null ? null : ago(sentAgo) }, NOW)).toBe(step);
  });

  describe('told for the first time', () => {
    const seconds = (agoMs: number) => ago(agoMs).getTime() / 1_000;
    const DAY = 24 * HOUR;
    /** Renewed two hours ago. */
    const RENEWED = {
      ...{ status: 'active', created: seconds(90 * DAY), periodStart: seconds(2 * HOUR), trialEnd: null },
      items: [{ periodEnd: seconds(-20 * DAY) }, { meter: 'commands', periodEnd: seconds(-20 * DAY) }],
    };
    const ended = (agoMs: number) => ({
      ...{ periodStart: seconds(30 * DAY), items: [{ meter: 'commands', periodEnd: seconds(agoMs) }] },
    });

    it.each([
      ['is of now, when its period is over', 3 * HOUR, {}, true],
      ['is of now, though nobody has looked since that was over', 3 * HOUR, ended(2 * HOUR), true],
      ['is of its own time in the period that is open', HOUR, {}, false],
      ['is of its own time in one that has begun since anybody looked', HOUR, ended(2 * HOUR), false],
      ['is of its own time while Stripe bills that still', HOUR, ended(0.4 * HOUR), false],
      ['is of its own time in a trial', 3 * HOUR, { trialEnd: seconds(2.5 * HOUR) }, false],
      ['is of its own time before there was a subscription', 3 * HOUR, { created: seconds(2 * HOUR) }, false],
      ['is of its own time when that has ended', 3 * HOUR, { status: 'canceled' }, false],
      ['is of its own time where none of it is billed', 3 * HOUR, { items: [] }, false],
      ['is of its own time where a test clock is ahead', 3 * HOUR, { periodStart: seconds(-DAY) }, false],
    ] as const)('%s', (_, usedAgo, more, isOfNow) => {
      const use = { usedAt: ago(usedAgo), meter: 'commands' };
      expect(toldAs(use, [{ ...RENEWED, ...more }], NOW)).toBe(isOfNow ? NOW : use.usedAt);
    });
  });

  it.each([
    ['all', { counted: 12, shipped: 5, unknown: [3, 4] }],
    ['none', { counted: 5, shipped: 5, unknown: [3, 4] }],
    ['unclear', { counted: 8, shipped: 5, unknown: [3, 4] }],
    ['unclear', { counted: 4, shipped: 5, unknown: [3] }],
  ] as const)('was counted: %s', (verdict, minute) => expect(countedOf(minute)).toBe(verdict));

  it.each([
    ['under another identifier when Stripe counts nothing of it', HOUR, HOUR, 'failed', 'anew'],
    ['when it never was', HOUR, null, 'parked', 'again'],
    ['when Stripe says that it never counted it', HOUR, HOUR, 'parked', 'ask'],
    ['never when Stripe takes it no more', 35 * 24 * HOUR, HOUR, 'failed', 'too_old'],
  ] as const)('is sent again by an operator %s', (_, usedAgo, sentAgo, status, step) => {
    const sentAt = sentAgo === null ? null : ago(sentAgo);
    expect(retryOf({ usedAt: ago(usedAgo), sentAt, status }, NOW)).toBe(step);
  });
});
