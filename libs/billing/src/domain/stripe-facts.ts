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
}

export interface SubscriptionFacts {
  id: string;
  status: string;
  created: number;
  periodStart: number;
  items: readonly ItemFacts[];
  trialEnd: number | null;
  /** When it ends by somebody's wish; null: it goes on. `cancel_at` alone is enough for that. */
  cancelAt: number | null;
  endedAt: number | null;
  /** Of a collection that is paused; null: it is not. */
  pausedCollection: string | null;
  /** Why the subscription itself is paused. */
  pausedReason: string | null;
  /** The oldest invoice that should have been paid. */
  unpaid: UnpaidFacts | null;
}

export interface ItemFacts {
  id: string;
  priceId: string;
  lookupKey: string | null;
  /** What the price says of itself, when it has lost its lookup key to a newer one. */
  plan: string | null;
  part: string | null;
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
}
