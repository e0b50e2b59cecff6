import { Injectable } from '@nestjs/common';
import { isConflict } from './stripe-failures.js';
import { StripeGateway } from './stripe-gateway.js';

/** Stripe's most for a page; nobody has more. */
const PAGE = 100;

/** The pages of ours at Stripe where a customer could pay right now. */
@Injectable()
export class OpenPages {
  constructor(private readonly gateway: StripeGateway) {}

  /**
   * Closes them all, and gives how many there were. One at which somebody pays in this moment stays: look again. `under`:
   * for whom; for another it is another write. Throws 503 `BILLING_UNAVAILABLE`.
   */
  async close(customerId: string, under: string): Promise<number> {
    const open = await this.gateway.read('look_checkouts', (stripe) =>
      stripe.checkout.sessions.list({ customer: customerId, status: 'open', limit: PAGE }),
    );
    // What else the account at Stripe sells there is none of ours.
    const ours = open.data.filter((one) => one.metadata?.tenant_id !== undefined);
    for (const { id } of ours) {
      await this.gateway
        .change({
          verb: 'expire_checkout',
          what: { id, under },
          make: (stripe, options) => stripe.checkout.sessions.expire(id, {}, options),
        })
        .catch(unlessOver);
    }
    return ours.length;
  }
}

/** Stripe refuses to end what has ended, or was paid, in the meantime. */
export function unlessOver(error: unknown): void {
  if (!isConflict(error)) throw error;
}
