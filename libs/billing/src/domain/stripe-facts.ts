/**
 * What is kept of a look at a customer at Stripe: no more than decides anything, no card and no address. Instants are
 * seconds since 1970, as Stripe gives them.
 */
export interface StripeFacts {
  customerId: string;
  isDeleted: boolean;
  /** By whose time the customer lives: that of a test clock; null: by ours. */
  clockAt: number | null;
  subscriptions: readonly SubscriptionFacts[];
  /** What was paid; null: nobody has looked. */
  charges: ChargesSeen | null;
}

/** They are looked at less often than the rest: see `mustSeeCharges`. */
export interface ChargesSeen {
  /** That of the look that saw them. */
  ticket: number;
  lookedAt: number;
  list: readonly ChargeFacts[];
}

/** A payment of the present period, or one of which something is taken back. Amounts are minor units. */
export interface ChargeFacts {
  id: string;
  created: number;
  amount: number;
  currency: string;
  /** All that was given back of it so far. */
  refunded: number;
  /** The invoice that it paid; null: none, or nobody has asked yet. */
  invoiceId: string | null;
  /** The subscription that this is of; null: none. Left out: nobody has asked yet. */
  subscriptionId?: string | null;
  disputes: readonly DisputeFacts[];
}

export interface DisputeFacts {
  id: string;
  status: string;
  reason: string;
  amount: number;
  currency: string;
  respondBy: number | null;
}

export interface SubscriptionFacts {
  id: string;
  status: string;
  created: number;
  periodStart: number;
  items: readonly ItemFacts[];
  trialEnd: number | null;
  /** What takes something off its invoices; of several the first. Left out in what was kept before there were any. */
  discount?: DiscountFacts | null;
  /** When it ends by somebody's wish; null: it goes on. `cancel_at` alone is enough for that. */
  cancelAt: number | null;
  /** When that wish was last said. Left out in what was kept before anybody asked. */
  cancelledAt?: number | null;
  endedAt: number | null;
  /** Of a collection that is paused; null: it is not. */
  pausedCollection: string | null;
  /** Why the subscription itself is paused. */
  pausedReason: string | null;
  /** Since when the subscription itself is paused. */
  pausedAt: number | null;
  /** The oldest invoice that should have been paid since the last one that was. */
  unpaid: UnpaidFacts | null;
}

export interface ItemFacts {
  id: string;
  priceId: string;
  lookupKey: string | null;
  /** What the price says of itself, when it has lost its lookup key to a newer one. */
  plan: string | null;
  part: string | null;
  /** What of it says whose uses it bills; left out where it bills none. */
  meter?: string;
  interval: string | null;
  quantity: number;
  periodEnd: number;
}

export interface UnpaidFacts {
  invoiceId: string;
  /** When it was first not paid: when it was finalised, or became due. */
  since: number;
  amountDue: number;
  currency: string;
  nextAttemptAt: number | null;
  /** When Stripe tried the last time, once it has given up; null: that is not known, or it goes on trying. */
  lastTriedAt: number | null;
}

/** A coupon on a subscription. */
export interface DiscountFacts {
  /** As its operator calls it. */
  name: string;
  percentOff: number | null;
  /** Minor units, in its currency. */
  amountOff: number | null;
  currency: string | null;
  /** Seconds; null: its coupon is for once or for ever. */
  endsAt: number | null;
}
