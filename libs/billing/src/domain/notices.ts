import type { NoticeKind, State } from '../events/words.js';
import type { Standing } from './standing.js';

/** Something that people have to be told, once: `key` is the same however often it is computed. */
export interface Notice {
  kind: NoticeKind;
  key: string;
}

const UNPAID: readonly State[] = ['grace', 'restricted', 'suspended'];
const GOING: readonly State[] = ['trial', 'active', 'ending'];

/** What is to be told when a tenant's standing changes. */
export function noticesOf(before: Standing, after: Standing): Notice[] {
  const notices: Notice[] = [];
  const tell = (kind: NoticeKind, about: string | number | null) => {
    notices.push({ kind, key: `${kind}:${about ?? ''}` });
  };
  const subscription = after.subscriptionId;
  const isGoing = GOING.includes(after.state);

  if (isGoing && before.subscriptionId !== subscription) tell('subscribed', subscription);
  if (after.isTrialEnding && !before.isTrialEnding) tell('trial_ending', `${subscription}:${after.trialEnd}`);

  const invoice = after.unpaid?.invoiceId ?? subscription;
  const step = UNPAID.indexOf(after.state);
  if (step >= 0 && before.state !== after.state) {
    if (step === 0) tell('payment_failed', invoice);
    if (step === 1) tell('restricted', invoice);
    if (step === 2) tell('suspended', invoice);
  }
  if (isGoing && UNPAID.includes(before.state) && before.subscriptionId === subscription)
    tell('recovered', before.unpaid?.invoiceId ?? subscription);

  if (after.state === 'ending' && before.endsAt !== after.endsAt)
    tell('ending', `${subscription}:${after.endsAt}`);
  if (before.state === 'ending' && isGoing && after.state !== 'ending')
    tell('resumed', `${subscription}:${before.endsAt}`);
  // A contract has no subscription: it is told from others by its end.
  if (after.state === 'cancelled' && before.state !== 'cancelled')
    tell('cancelled', subscription ?? after.endsAt);
  return notices;
}
