import type { NoticeKind, State } from '../events/words.js';
import { STEPS } from './dunning.js';
import type { Standing } from './standing.js';
import { isInquiry } from './taken-back.js';

/** What a notice tells beside where the tenant stands now. */
interface NoticeDetails {
  /** Minor units: what was given back, or is disputed. */
  amount: number;
  currency: string;
  /** Why: of a dispute, of a pause; how, of a dispute that is decided. */
  reason: string;
  /** Until when a dispute can be answered, in ms. */
  respondBy: number | null;
}

/** Something that people have to be told, once: `key` is the same however often it is computed. */
export interface Notice extends Partial<NoticeDetails> {
  kind: NoticeKind;
  key: string;
}

const DUNNED = ['payment_failed', 'restricted', 'suspended'] as const;
const GOING: readonly State[] = ['trial', 'active', 'ending'];
/** The tenant has what it bought. */
const HAD: readonly State[] = [...GOING, 'grace'];

/** What is to be told when a tenant's standing changes. */
export function noticesOf(before: Standing, after: Standing): Notice[] {
  const notices: Notice[] = [];
  const tell: Tell = (kind, about, details = {}) => {
    notices.push({ kind, key: `${kind}:${about ?? ''}`, ...details });
  };
  const subscription = after.subscriptionId;
  const isGoing = GOING.includes(after.state);
  const wasNever = before.subscriptionId !== subscription || isUnbegun(before);

  // Also who is first seen when something of it is not paid yet; whoever has it back was told before, under the same key.
  const isNew = before.subscriptionId !== subscription || !HAD.includes(before.state);
  if (HAD.includes(after.state) && isNew) tell('subscribed', subscription);
  if (after.isTrialEnding && !before.isTrialEnding) tell('trial_ending', `${subscription}:${after.trialEnd}`);

  if (after.dunning && before.dunning !== after.dunning)
    tell(DUNNED[STEPS.indexOf(after.dunning)]!, after.unpaid?.invoiceId ?? subscription);
  if (isGoing && before.dunning && before.subscriptionId === subscription)
    tell('recovered', before.unpaid?.invoiceId ?? subscription);

  if (after.state === 'paused' && (before.state !== 'paused' || wasNever))
    tell('paused', pauseOf(after), { reason: after.reasons[0] });
  if (isGoing && before.state === 'paused' && !wasNever)
    tell('resumed', `paused:${pauseOf(before)}`, { reason: 'paused' });

  const wasEnding = before.state === 'ending' && before.endsAt === after.endsAt;
  if (after.state === 'ending' && !wasEnding) tell('ending', endOf(after));
  if (before.state === 'ending' && isGoing && after.state !== 'ending') tell('resumed', endOf(before));
  // A contract has no subscription: it is told from others by when it ended.
  if (after.state === 'cancelled' && before.state !== 'cancelled')
    tell('cancelled', before.state === 'contract' ? after.endsAt : (subscription ?? after.endsAt));
  tellTakenBack(before, after, tell);

  const isDecided = notices.some((one) => one.kind === 'dispute_closed');
  if (isGoing && wasWithheld(before) && before.subscriptionId === subscription && !isDecided)
    tell('recovered', `${subscription}:${after.periodEnd}`);
  return notices;
}

type Tell = (kind: NoticeKind, about: string | number | null, details?: Partial<NoticeDetails>) => void;

/** Nothing was ever given for it. */
const isUnbegun = ({ state, reasons }: Standing): boolean =>
  state === 'pending' || reasons.includes('first_payment_failure');

/** Who cancels, takes it back and cancels again within a period is told each time, although it ends at the same moment. */
const endOf = ({ subscriptionId, endsAt, endingSince }: Standing): string =>
  [subscriptionId, endsAt, ...(endingSince ? [endingSince] : [])].join(':');

/** A pause of the collection alone has no time of its own: it is told once in a period. */
const pauseOf = ({ subscriptionId, reasons, pausedAt, periodEnd }: Standing): string =>
  [subscriptionId, reasons[0], pausedAt ?? periodEnd].join(':');

/** For what was paid and taken back, not for what is owed. */
const wasWithheld = ({ state, dunning }: Standing): boolean =>
  dunning === null && (state === 'restricted' || state === 'suspended');

/** What was there when we looked for the first time is no news, unless something follows from it. */
function tellTakenBack(before: Standing, after: Standing, tell: Tell): void {
  const isNews = (reason: string) =>
    before.takenBack !== null || (after.reasons.includes(reason) && !before.reasons.includes(reason));
  for (const { chargeId, amount, currency } of after.takenBack?.refunds ?? []) {
    const known = before.takenBack?.refunds.find((one) => one.chargeId === chargeId)?.amount ?? 0;
    if (amount > known && isNews('refunded')) tell('refunded', `${chargeId}:${amount}`, { amount, currency });
  }
  for (const dispute of after.takenBack?.disputes ?? []) {
    const { id, status, reason, amount, currency, respondBy, isOpen } = dispute;
    const known = before.takenBack?.disputes.find((one) => one.id === id);
    if (known?.status === status) continue;
    if (isOpen) {
      const key = isInquiry(dispute) ? `${id}:inquiry` : id;
      tell('disputed', key, { amount, currency, reason, respondBy });
    } else if (known?.isOpen !== false && isNews('disputed'))
      tell('dispute_closed', `${id}:${status}`, { amount, currency, reason: status });
  }
}
