import { meaningless, servedBy } from './served.js';

const NAMES = [
  'billing.tell-stream',
  'billing.end-with-tenant',
  'onboarding.send-welcome-mail',
  'audit.record-event',
];
const served = (...patterns: string[]) => NAMES.filter(servedBy(patterns));

describe('which subscriptions a worker serves (S2-43)', () => {
  it.each([
    [['*'], NAMES],
    [['billing.*'], NAMES.slice(0, 2)],
    [
      ['audit.record-event', 'billing.tell-stream'],
      [NAMES[0], NAMES[3]],
    ],
    [
      ['*', '!*-mail'],
      [NAMES[0], NAMES[1], NAMES[3]],
    ],
    [['!billing.*'], NAMES.slice(2)],
    [['billing.*', '!billing.tell-*'], [NAMES[1]]],
    [['billing'], []],
    [['*end*nt*', '!*.send-*'], [NAMES[1]]],
    [['billing.*billing.*', '*mail*mail'], []],
    [['billingXtell-stream'], []],
  ])('%j are', (patterns, expected) => {
    expect(served(...patterns)).toEqual(expected);
  });

  it('knows a pattern that means nothing', () => {
    expect(meaningless(['*', 'biling.*', '!audit.record-event', '!audits.*'], NAMES)).toEqual([
      'biling.*',
      '!audits.*',
    ]);
  });
});
