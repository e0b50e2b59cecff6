/** Where a tenant stands with its subscription; the table in the README says what each lets it do. */
export const STATES = [
  'none',
  'pending',
  'trial',
  'active',
  'ending',
  'grace',
  'restricted',
  'suspended',
  'paused',
  'cancelled',
  'contract',
] as const;
export type State = (typeof STATES)[number];

/** `full`: what was bought. `free`: what Free gives. `none`: nothing. */
export const ACCESSES = ['full', 'free', 'none'] as const;
export type Access = (typeof ACCESSES)[number];

export const INTERVALS = ['month', 'year'] as const;
export type Interval = (typeof INTERVALS)[number];

/** What people are told about what they pay. */
export const NOTICES = [
  'subscribed',
  'trial_ending',
  'payment_failed',
  'restricted',
  'suspended',
  'recovered',
  'ending',
  'resumed',
  'cancelled',
  'paused',
  'refunded',
  'disputed',
  'dispute_closed',
] as const;
export type NoticeKind = (typeof NOTICES)[number];
