/** What Stripe is asked to do for a tenant. */
export type WriteVerb = SettledVerb | 'change_items';

/**
 * What a worker finishes whose caller has gone (settling/known-writes.ts does not compile without one of these). A change of
 * items has a worker of its own, which holds its wishes meanwhile (applying/finish-changes.ts).
 */
export type SettledVerb =
  | 'cancel_subscription'
  | 'change_ending'
  | 'change_when_paid'
  | 'create_checkout'
  | 'create_customer'
  | 'expire_checkout'
  | 'open_portal'
  | 'release_schedule'
  | 'resume_subscription'
  | 'update_customer'
  | 'void_invoice';
