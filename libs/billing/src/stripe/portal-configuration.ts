import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { Prices } from '../catalogue/prices.js';
import { digestOf } from '../persistence/stripe-writes.js';
import { StripeGateway } from './stripe-gateway.js';

/** Stripe's most for a page; an account has few. */
const PAGE = 100;
/** Says in a configuration's metadata which one it is of ours. */
const MARK = 'gatehouse_portal';

/**
 * What people may do at the portal: whatever changes no plan and no seats, which are changed here alone, within what is
 * sold. The account's own default, which somebody may have saved or nobody has, is not asked.
 */
const FEATURES: Stripe.BillingPortal.ConfigurationCreateParams.Features = {
  customer_update: { enabled: true, allowed_updates: ['address', 'email', 'name', 'tax_id'] },
  invoice_history: { enabled: true },
  payment_method_update: { enabled: true },
  subscription_cancel: { enabled: true, mode: 'at_period_end' },
  subscription_update: { enabled: false },
};

/** Which configuration of Stripe's portal is ours; made when it is first needed, and another one when it says something else. */
@Injectable()
export class PortalConfiguration {
  private known?: Promise<string>;

  constructor(
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
  ) {}

  /** Its id. Never inside a transaction. Throws 503 `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`. */
  id(): Promise<string> {
    this.known ??= this.ensure().catch((error: unknown) => {
      this.known = undefined;
      throw error;
    });
    return this.known;
  }

  /** Somebody has taken it away at Stripe: the next one is looked for anew. */
  forget(): void {
    this.known = undefined;
  }

  private async ensure(): Promise<string> {
    const mark = `${this.prices.list.code} ${digestOf(FEATURES)}`;
    const find = async (stripe: Stripe) => {
      const { data } = await stripe.billingPortal.configurations.list({ active: true, limit: PAGE });
      return data.find((one) => one.metadata?.[MARK] === mark) ?? null;
    };
    const params = {
      features: FEATURES,
      business_profile: { headline: this.prices.list.productName.slice(0, 60) },
      metadata: { [MARK]: mark },
    };
    const ours =
      (await this.gateway.read('look_portal', find)) ??
      (await this.gateway.change({
        ...{ verb: 'create_portal', what: params, find },
        make: (stripe, options) => stripe.billingPortal.configurations.create(params, options),
      }));
    return ours.id;
  }
}
