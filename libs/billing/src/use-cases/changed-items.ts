import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { Clock } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { unfitIds } from '../domain/coupon.js';
import {
  isKeptUse,
  type ItemChange,
  itemChanges,
  itemsOf,
  keptPrice,
  type Offer,
  offerOf,
} from '../domain/offer.js';
import { isOurItem } from '../domain/ours.js';
import { boughtBy, readItem } from '../domain/project.js';
import type { ItemFacts } from '../domain/stripe-facts.js';
import { trialEndUnder } from '../domain/trial.js';
import { type Bought, fulfilled, type Wish } from '../domain/wish.js';
import { refId } from '../stripe/id-of.js';
import { subscriptionFacts } from '../stripe/look.js';
import { PriceIds } from '../stripe/price-ids.js';

/** How a subscription becomes what somebody wants. */
export interface ItemsChange {
  offer: Offer;
  /** None: it is so already. */
  items: ItemChange[];
  /** What goes with them: a trial that is shorter there, coupons that are not for that. */
  terms: ChangedTerms;
  /** The items that go on billing uses as they did, for plan and interval stay; null: another plan's uses are billed. */
  keptUses: readonly string[] | null;
  /** Whether it is paid at other times from now on. */
  isOtherInterval: boolean;
}

/** Parts of an update of a subscription; left out: as it is. */
export interface ChangedTerms {
  trial_end?: number | 'now';
  /** Those that stay; '': none does. */
  discounts?: '' | { discount: string }[];
}

/** Finds what Stripe has to be asked for, so that a subscription becomes what somebody wants. */
@Injectable()
export class ChangedItems {
  constructor(
    private readonly prices: Prices,
    private readonly priceIds: PriceIds,
    private readonly clock: Clock,
  ) {}

  /**
   * What is left out stays as Stripe has it; another plan begins with the seats it gives. `known`: what is bought where
   * Stripe has a price that nobody here sells. Throws 422 `PLAN_NOT_SOLD` or `SEATS_OUT_OF_BOUNDS`, 503 `BILLING_UNAVAILABLE`.
   */
  async of(wish: Wish, present: Stripe.Subscription, known: Bought): Promise<ItemsChange> {
    const { list } = this.prices;
    const { items: there } = subscriptionFacts(present, null);
    const bought = boughtBy(there, list);
    const has = bought ?? known;
    const offer = offerOf(list, fulfilled(wish, has));
    const isSame = bought?.plan === offer.plan.tier && bought.interval === offer.interval;
    const isLeft = (item: ItemFacts) => isSame && isKeptUse(list, item, offer);
    const wanted = itemsOf(list, offer).filter(({ quantity }) => quantity !== null || !isSame);
    const sold = await this.priceIds.of(wanted);
    // Who has a plan keeps its price.
    const priced = sold.map(({ priceId, quantity }, i) => ({
      priceId: keptPrice(list, there, wanted[i]!) ?? priceId,
      quantity,
    }));
    return {
      offer,
      // What somebody has put beside ours at the dashboard stays as it is.
      items: itemChanges(
        there
          .filter((item) => isOurItem(item, list) && !isLeft(item))
          .map((item) => ({
            ...item,
            quantity: readItem(item, list)?.part === 'use' ? null : item.quantity,
          })),
        priced,
      ),
      // Who keeps plan and interval keeps what they have.
      terms: isSame ? {} : { ...this.trialOf(offer, present, has), ...this.discountsOf(offer, present) },
      keptUses: isSame ? there.filter(isLeft).map(({ id }) => id) : null,
      isOtherInterval: offer.interval !== has.interval,
    };
  }

  /** Nobody takes the long trial of one plan to another that has a short one, or none (S2-06). */
  private trialOf({ plan }: Offer, present: Stripe.Subscription, has: Bought): ChangedTerms {
    const before = this.prices.plan(has.plan);
    if (present.status !== 'trialing' || !before) return {};
    const trial = { plan: before, start: present.trial_start, end: present.trial_end };
    const end = trialEndUnder(plan, trial, Math.floor(this.clock.now().getTime() / 1_000));
    return end === undefined ? {} : { trial_end: end };
  }

  private discountsOf(offer: Offer, { discounts }: Stripe.Subscription): ChangedTerms {
    const { code, coupons } = this.prices.list;
    const unfit = unfitIds(code, coupons, offer);
    const kept = discounts.filter((one) => {
      const coupon = typeof one === 'string' ? null : refId(one.source.coupon);
      return coupon === null || !unfit.includes(coupon);
    });
    if (kept.length === discounts.length) return {};
    return { discounts: kept.length === 0 ? '' : kept.map((one) => ({ discount: refId(one) })) };
  }
}
