import { z } from 'zod';
import { defineEvent } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { ACCESSES, INTERVALS, NOTICES, STATES } from './words.js';

const at = z.iso.datetime({ offset: true });

/** What a tenant has bought, or may do with it, is different now. Who hears late of it goes by the revision. */
export const SubscriptionChanged = defineEvent(
  'billing.subscription.changed',
  1,
  z.strictObject({
    /** Grows with every change. */
    revision: z.int().min(1),
    subscriptionId: z.string().nullable(),
    state: z.enum(STATES),
    reasons: z.array(z.string()),
    /** full: what was bought; free: what Free gives; none: nothing. */
    access: z.enum(ACCESSES),
    plan: z.enum(LICENSE_TYPES),
    interval: z.enum(INTERVALS).nullable(),
    /** null: as the plan says. */
    seats: z.int().nullable(),
    periodEnd: at.nullable(),
    endsAt: at.nullable(),
    /** Until when what is signed for offline use may hold; null: as long as the plan lets it. */
    offlineUntil: at.nullable(),
  }),
);

/** People have to be told something about what they pay; once for each key. */
export const NoticeRaised = defineEvent(
  'billing.notice.raised',
  1,
  z.strictObject({
    kind: z.enum(NOTICES),
    key: z.string(),
    plan: z.enum(LICENSE_TYPES),
    planName: z.string(),
    /** Minor units. */
    amountDue: z.int().nullable(),
    currency: z.string().nullable(),
    trialEnd: at.nullable(),
    endsAt: at.nullable(),
    restrictsAt: at.nullable(),
    suspendsAt: at.nullable(),
  }),
);

/** An operator has agreed with a tenant what it has by contract, and until when; instead of what was agreed before. */
export const ContractAgreed = defineEvent(
  'billing.contract.agreed',
  1,
  z.strictObject({
    tenantId: z.string(),
    plan: z.enum(LICENSE_TYPES),
    /** null: as the plan says. */
    seats: z.int().nullable(),
    endsAt: at,
  }),
);

/** An operator has ended a contract before its time. */
export const ContractEnded = defineEvent(
  'billing.contract.ended',
  1,
  z.strictObject({ tenantId: z.string(), plan: z.enum(LICENSE_TYPES) }),
);

/** An operator had events of Stripe applied again that concern the tenant. */
export const StripeEventsReplayed = defineEvent(
  'billing.stripe_events.replayed',
  1,
  z.strictObject({ count: z.int(), types: z.array(z.string()) }),
);

/** An operator has looked at where Stripe and we disagree about the tenant, and settled it. */
export const DriftResolved = defineEvent(
  'billing.drift.resolved',
  1,
  z.strictObject({ driftId: z.string(), kind: z.string(), subject: z.string() }),
);
