import { Injectable } from '@nestjs/common';
import { type ContactParams, contactWrite } from '../handlers/tell-stripe-contact.js';
import type { Checkout, CheckoutParams } from '../persistence/checkouts.js';
import { digestOf } from '../persistence/stripe-writes.js';
import type { Write } from '../stripe/stripe-gateway.js';
import type { SettledVerb } from '../stripe/write-verbs.js';
import { ChangeEnding, type EndingParams, releaseWrite } from '../use-cases/change-ending.js';
import { ChangeWhenPaid, type PendingParams } from '../use-cases/change-when-paid.js';
import { cancelWrite, CheckoutPages, expireWrite } from '../use-cases/checkout-pages.js';
import { type CustomerParams, EnsureCustomer } from '../use-cases/ensure-customer.js';
import { type PortalParams, portalWrite } from '../use-cases/open-portal.js';
import { ResumePaused } from '../use-cases/resume-paused.js';

/** How a write that was begun is finished without whoever began it. */
export interface KnownWrite {
  write: Write<{ id: string }>;
  /**
   * Whether it is still wanted when Stripe turns out not to have done it; what nobody waits for is not, nor what costs
   * somebody money to whom it has looked refused.
   */
  isWantedLate: boolean;
}

type Params = Record<string, unknown>;

/** The writes that a worker can finish, by verb: their parameters are in their rows. */
@Injectable()
export class KnownWrites {
  private readonly known: Readonly<Record<SettledVerb, (params: Params) => KnownWrite>>;

  constructor(
    customers: EnsureCustomer,
    pages: CheckoutPages,
    ending: ChangeEnding,
    paused: ResumePaused,
    whenPaid: ChangeWhenPaid,
  ) {
    // A row holds what its verb was begun with.
    const known =
      <T extends { id: string }, P extends Params>(
        of: (params: P) => Write<T, P>,
        isWantedLate: boolean | ((params: P) => boolean) = true,
      ) =>
      (params: Params): KnownWrite => ({
        write: of(params as P) as unknown as Write<{ id: string }>,
        isWantedLate: typeof isWantedLate === 'function' ? isWantedLate(params as P) : isWantedLate,
      });
    this.known = {
      create_customer: known((params: CustomerParams) => customers.write(params)),
      // Cancelled late, nobody pays more; what goes on again does cost something, and there may be a contract by now.
      change_ending: known(
        (params: EndingParams) => ending.write(params),
        ({ way }) => way === 'cancel',
      ),
      resume_subscription: known((params: { id: string }) => paused.write(params), false),
      // Whoever comes again does these anew, after looking at what is there by then.
      create_checkout: known((params: CheckoutParams) => pages.write(pageOf(params)), false),
      cancel_subscription: known((params: { id: string }) => ({ ...cancelWrite, params }), false),
      // Another address may have been told meanwhile; of this one its event tells again.
      update_customer: known((params: ContactParams) => ({ ...contactWrite, params }), false),
      expire_checkout: known((params: { id: string }) => ({ ...expireWrite, params }), false),
      open_portal: known((params: PortalParams) => ({ ...portalWrite, params }), false),
      release_schedule: known((params: { id: string }) => releaseWrite(params), false),
      void_invoice: known((params: { id: string }) => whenPaid.voidWrite(params), false),
      change_when_paid: known((params: PendingParams) => whenPaid.write(params), false),
    };
  }

  get verbs(): readonly string[] {
    return Object.keys(this.known);
  }

  of(verb: string, params: Params): KnownWrite | null {
    return Object.hasOwn(this.known, verb) ? this.known[verb as SettledVerb](params) : null;
  }
}

/** As it was when it was asked for. */
function pageOf(params: CheckoutParams): Checkout {
  const { expiresAt, ...bought } = params;
  return {
    ...{ digest: digestOf(bought), params, sessionId: null, url: null },
    expiresAt: new Date(expiresAt * 1_000),
  };
}
