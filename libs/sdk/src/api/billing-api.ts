import type { Claims } from '../formats/claims.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import { ApiError } from './api-error.js';
import {
  type BilledUse,
  type CheckoutPage,
  type Invoice,
  type PricePreview,
  readBilledUse,
  readCheckout,
  readContacts,
  readInvoice,
  readPlans,
  readPortal,
  readPreview,
  readWholeSubscription,
  type SoldPlan,
  type Subscription,
} from './billing-answers.js';
import { type BillingEvent, readBillingEvent } from './billing-events.js';
import type { Caller } from './caller.js';
import { sentEvents } from './sent-events.js';
import { pause } from './time-limit.js';

export interface WatchOptions {
  /** Id of the last event that was had before; left out: it begins with how things stand. */
  after?: string;
  /** Ends it. */
  signal?: AbortSignal;
  /** A line that says nothing for so long is given up, in ms: three heartbeats of a server with its usual settings. */
  silenceMs?: number;
}

const SILENCE_MS = 45_000;
/** Between two attempts, ms: at first unless the server says otherwise, and at most. */
const RETRY_MS = 2_000;
const RETRY_MAX_MS = 30_000;

/** What somebody wants to buy, or to change to. What is left out stays, or is as the plan says. */
export interface Offer {
  plan?: string;
  interval?: 'month' | 'year';
  seats?: number;
}

/** Where people come back to from a page of Stripe has to be below the server's address or at an allowed origin. */
export interface Purchase extends Offer {
  plan: string;
  coupon?: string;
  /** Counts where the operator lets it. */
  trialDays?: number;
  successUrl?: string;
  cancelUrl?: string;
}

const PATH = '/api/v1/billing';

/** What the organisation has bought. Owners and billing people only. Every method throws ApiError and nothing else. */
export class BillingApi {
  constructor(private readonly caller: Caller) {}

  subscription(): Promise<Subscription> {
    return this.get('/subscription', readWholeSubscription);
  }

  /** What is sold, and what it costs. */
  plans(): Promise<SoldPlan[]> {
    return this.get('/plans', readPlans);
  }

  /** The newest first, page after page as they are asked for. */
  invoices(options: { limit?: number } = {}): AsyncGenerator<Invoice, void, undefined> {
    return this.caller.list(`${PATH}/invoices`, options.limit ?? 20, readInvoice);
  }

  /** Of billed meters, month by month, the newest first. */
  usage(options: { limit?: number } = {}): AsyncGenerator<BilledUse, void, undefined> {
    return this.caller.list(`${PATH}/usage`, options.limit ?? 100, readBilledUse);
  }

  /** What it would cost; changes nothing. */
  preview(offer: Offer & { plan: string; coupon?: string; trialDays?: number }): Promise<PricePreview> {
    return this.send('POST', '/preview', offer, readPreview);
  }

  /** The page at Stripe where it is bought; one at a time for an organisation. */
  checkout(purchase: Purchase): Promise<CheckoutPage> {
    return this.send('POST', '/checkout', purchase, readCheckout);
  }

  /** The page at Stripe where cards, addresses and invoices are. */
  portal(options: { returnUrl?: string } = {}): Promise<{ url: string }> {
    return this.send('POST', '/portal', options, readPortal);
  }

  /** Another plan, interval or number of seats. Throws 422 `CARD_DECLINED`, 429 `CHANGES_EXHAUSTED`. */
  change(offer: Offer): Promise<Subscription> {
    return this.send('PATCH', '/subscription', offer, readWholeSubscription);
  }

  /** At the end of what is paid. */
  cancel(): Promise<Subscription> {
    return this.send('PATCH', '/subscription', { cancel: true }, readWholeSubscription);
  }

  /** Takes a cancellation back. */
  resume(): Promise<Subscription> {
    return this.send('PATCH', '/subscription', { resume: true }, readWholeSubscription);
  }

  /** Who is written to about money, besides owners and billing people. */
  contacts(): Promise<string[]> {
    return this.get('/contacts', readContacts);
  }

  /** The same instead of those before; receipts go to the first. */
  setContacts(emails: readonly string[]): Promise<string[]> {
    return this.send('PUT', '/contacts', { emails }, readContacts);
  }

  private get<T>(path: string, read: (answer: Claims) => T): Promise<T> {
    return this.caller.asBearer({ method: 'GET', path: `${PATH}${path}`, read });
  }

  private send<T>(
    method: 'PATCH' | 'POST' | 'PUT',
    path: string,
    body: object,
    read: (answer: Claims) => T,
  ): Promise<T> {
    return this.caller.asBearer({ method, path: `${PATH}${path}`, body, read });
  }

  /**
   * What changes of subscription and licences, as it changes: first how things stand, and after a broken line what came
   * meanwhile. Goes on until its reader or `signal` ends it; a line that breaks or falls silent is opened again, and what
   * comes back too often or not at all is waited for. Throws where the caller may not listen (any more): 401
   * `UNAUTHENTICATED` once the session is over, 403 `MISSING_SCOPE`, `EMAIL_NOT_VERIFIED` or `TENANT_SUSPENDED`.
   */
  async *watch({ after, signal, silenceMs = SILENCE_MS }: WatchOptions = {}): AsyncGenerator<
    BillingEvent,
    void,
    undefined
  > {
    let [last, retryMs, failures] = [after, RETRY_MS, 0];
    while (!signal?.aborted) {
      let asksFor = 0;
      try {
        const { body } = await this.caller.open({
          method: 'GET',
          path: '/api/v1/billing/stream',
          headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
          timeoutMs: silenceMs,
          signal,
        });
        const asides = {
          onRetry: (ms: number) => (retryMs = Math.min(ms, RETRY_MAX_MS)),
          // Of a line that lived nothing can be held against the next.
          onBeat: () => (failures = 0),
        };
        for await (const sent of sentEvents(body, asides)) {
          const event = readBillingEvent(sent);
          last = sent.id ?? last;
          failures = 0;
          if (event) yield event;
        }
      } catch (error) {
        if (signal?.aborted) return;
        asksFor = waitOf(error);
      }
      // Also after an end in good order: a server that ends every line at once is not asked without pause.
      const wait = Math.min(retryMs * 2 ** failures++, RETRY_MAX_MS);
      await pause(Math.max(wait, asksFor), this.caller.after, signal);
    }
  }
}

/** How long the server asks to be left alone, in ms. Throws what does not pass by itself. */
function waitOf(error: unknown): number {
  if (error instanceof InvalidDocument)
    throw new ApiError({ status: null, code: 'BAD_ANSWER', message: error.message, cause: error });
  if (!(error instanceof ApiError)) throw error;
  const passes =
    error.isUnreachable || error.status === 429 || (error.status !== null && error.status >= 500);
  if (!passes) throw error;
  return (error.retryAfterSeconds ?? 0) * 1_000;
}
