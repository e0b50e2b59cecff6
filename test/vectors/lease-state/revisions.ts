import {
  DAY,
  FRESH,
  type Given,
  HOUR,
  LOST,
  REVOKED,
  T,
  type Then,
  type Vector,
  leaseAnswer,
  life,
  vector,
} from './scenario.js';

/** Which of two leases holds. */
export const revisions: Vector[] = [];
const add = (...scenario: Parameters<typeof vector>) => revisions.push(vector(...scenario));

// Cached: revision 5, issued at T. Answer: live, at T + HOUR by a sound clock.
const NOW = T + HOUR;
const HOLDS: Record<string, Then> = { active: { until: FRESH }, suspended: {}, revoked: {} };
const stateOf = (status: string) => (status === 'active' ? 'fresh' : status);
/** Of the same revision: which answers replace which cached ones. `later`: only one issued later. */
const SAME: Record<string, 'never' | 'always' | 'later'> = {
  'active>active': 'later',
  'active>suspended': 'always',
  'active>revoked': 'always',
  'suspended>active': 'never',
  'suspended>suspended': 'later',
  'suspended>revoked': 'always',
  'revoked>active': 'never',
  'revoked>suspended': 'never',
  'revoked>revoked': 'later',
};
for (const [pair, rule] of Object.entries(SAME)) {
  const [cached, answered] = pair.split('>') as [string, string];
  for (const revision of [4, 5, 6]) {
    for (const [when, issued] of [
      ['earlier', T - HOUR],
      ['at once', T],
      ['later', NOW],
    ] as const) {
      const isTaken =
        revision === 6 || (revision === 5 && (rule === 'always' || (rule === 'later' && when === 'later')));
      const given: Given = {
        lease: { status: cached },
        wall: NOW,
        highWater: T,
        answer: leaseAnswer({ status: answered, revision, ...life(issued) }),
      };
      const name = `${cached} 5, answered ${answered} ${revision}, issued ${when}`;
      if (!isTaken) add(name, given, stateOf(cached), HOLDS[cached]);
      else
        add(name, given, stateOf(answered), {
          keeps: 'answer',
          ...(answered === 'active' && { until: issued + DAY }),
        });
    }
  }
}
for (const [when, issued] of [
  ['earlier', T - 1],
  ['at once', T],
] as const) {
  add(
    `another licence, issued ${when}`,
    { wall: NOW, answer: leaseAnswer({ license_id: 'lic_b', revision: 9, ...life(issued) }) },
    'fresh',
    { until: FRESH },
  );
}
const switched = leaseAnswer({ license_id: 'lic_b', revision: 1, ...life(NOW) });
add('another licence, issued later', { wall: NOW, seat: LOST, answer: switched }, 'fresh', {
  until: NOW + DAY,
  keeps: 'answer',
  seat: null,
});
add('another licence after a revocation', { lease: REVOKED, wall: NOW, answer: switched }, 'fresh', {
  until: NOW + DAY,
  keeps: 'answer',
});
