import { countedOf, retryOf, stepOf } from './shipment.js';

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
