import { z } from 'zod';
import { defineEvent } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { BOUGHT } from './bought.js';
import { ACCESSES, NOTICES } from './words.js';

const at = z.iso.datetime({ offset: true });

/** What a tenant has bought, or may do with it, is different now. Who hears late of it goes by the revision. */
export const SubscriptionChanged = defineEvent(
  'billing.subscription.changed',
  1,
  z.strictObject({
    /** Grows with every change. */
    revision: z.int().min(1),
    ...BOUGHT,
    periodEnd: at.nullable(),
    endsAt: at.nullable(),
    /** Until when what is signed for offline use may hold; null: as long as the plan lets it. */
    offlineUntil: at.nullable(),
  }),
);

/** People have to be told something about what they pay; once for each key. What has a default, those of before lack. */
export const NoticeRaised = defineEvent(
  'billing.notice.raised',
  1,
  z.strictObject({
    kind: z.enum(NOTICES),
    key: z.string(),
    plan: z.enum(LICENSE_TYPES),
    planName: z.string(),
    /** What is left of the plan. */
    access: z.enum(ACCESSES).default('full'),
    /** Minor units. */
    amountDue: z.int().nullable(),
    /** What was given back, or is disputed; minor units. */
    amount: z.int().nullable().default(null),
    currency: z.string().nullable(),
    /** Why: of a dispute or a pause, in Stripe's words; how, of a dispute that is decided. */
    reason: z.string().nullable().default(null),
    /** Until when a dispute can be answered. */
    respondBy: at.nullable().default(null),
    trialEnd: at.nullable(),
    endsAt: at.nullable(),
    restrictsAt: at.nullable(),
    suspendsAt: at.nullable(),
  }),
);

/** Others are written to about what the tenant pays: so many of them, besides its own people. */
export const ContactsChanged = defineEvent(
  'billing.contacts.changed',
  1,
  z.strictObject({ count: z.int().min(0) }),
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

/** An operator has decided of uses that Stripe would not count, or of which nobody knew whether it has. */
export const UsesDecided = defineEvent(
  'billing.uses.decided',
  1,
  z.strictObject({
    decision: z.enum(['requeued', 'counted', 'written_off']),
    meters: z.array(z.string()),
    /** Of all of them, in units of their meters. */
    amount: z.int(),
    uses: z.array(z.string()),
  }),
);
