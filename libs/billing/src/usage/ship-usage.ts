import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Log, retryWait, sideBySide } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { isByContract, meterEventName, stepOf, toldAs, tooOldAt } from '../domain/shipment.js';
import { type Outcome, type TakenUse, UsageShipments } from '../persistence/usage-shipments.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import {
  failureWord,
  isDuplicateUse,
  isInUse,
  isOurFault,
  isOutage,
  isUnknown,
} from '../stripe/stripe-failures.js';
import { CompareUsage } from './compare-usage.js';
import { usesSettled } from './metrics.js';

const BATCH = 40;
/** Uses that one worker ships at a time; the process's gate has the last word. */
const TOGETHER = 4;
/** Longer than a batch takes that times out throughout. Of a worker that was killed the others take over then. */
const LEASE_MS = 180_000;
const WAITS = { retryMs: 5_000, retryMaxMs: 900_000 };
/** A key of ours that does not work needs somebody, in ms. */
const LATER_MS = 300_000;
/** That is by the day. */
const COMPARED_MS = 3_600_000;
/** One statement for all of them. */
const SET_ASIDE = 1_000;
/** What is used before there is a customer, no subscription bills: nothing is lost by it, in ms. */
const NO_CUSTOMER_MS = 6 * 3_600_000;

/**
 * Tells Stripe of uses, a batch at a time, each under its identifier in our ledger. What was sent and not
 * answered is sent again as long as Stripe knows the identifier again; after that only what Stripe has counted decides.
 */
@Injectable()
export class ShipUsage {
  constructor(
    private readonly shipments: UsageShipments,
    private readonly compare: CompareUsage,
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** One batch; true when there may be more. */
  async execute(): Promise<boolean> {
    const isMoreAside = await this.setAside();
    const taken = await this.shipments.take(BATCH, LEASE_MS);
    await sideBySide(taken, TOGETHER, (use) => this.ship(use));
    return taken.length === BATCH || isMoreAside;
  }

  /** What there is nobody for whom Stripe could count it. */
  private async setAside(): Promise<boolean> {
    const now = this.clock.now();
    const aside = await this.shipments.setAside(SET_ASIDE, NO_CUSTOMER_MS, { tooOld: tooOldAt(now), now });
    usesSettled.inc({ outcome: 'by_contract' }, aside.by_contract);
    usesSettled.inc({ outcome: 'parked' }, aside.parked);
    if (aside.parked > 0) this.log.warn({ uses: aside.parked, failure: 'TOO_OLD' }, 'Uses are not billed.');
    return aside.waiting + aside.by_contract + aside.parked === SET_ASIDE;
  }

  private async ship(use: TakenUse): Promise<void> {
    const now = this.clock.now();
    const step = stepOf(use, now);
    if (step === 'too_old') return this.settle(use, 'parked', 'TOO_OLD');
    if (step === 'wait') return this.shipments.postpone(use, LATER_MS, use.failure ?? 'NOT_YET');
    if (step === 'compare') return this.compare.execute(use);
    if (!use.sentAt && isByContract(use, use.subscriptions, use.contractEndsAt))
      return this.settle(use, 'by_contract', null);
    const usedAt = toldAs(use, use.subscriptions, now);
    // Sent again, it would be of a period that is over; once it may be compared, it is known whether it has to be.
    if (use.sentAt && usedAt !== use.usedAt) return this.shipments.postpone(use, COMPARED_MS, 'NOT_YET');
    return this.send(use, usedAt, now);
  }

  /** As of `usedAt`. */
  private async send(use: TakenUse, usedAt: Date, now: Date): Promise<void> {
    if (!(await this.shipments.send(use, usedAt, now))) return;
    const { identifier, meter, amount, customerId: customer } = use;
    if (usedAt !== use.usedAt)
      this.log.info({ tenant_id: use.tenantId, use: use.id, used_at: use.usedAt }, 'A use is billed late.');
    try {
      await this.gateway.writeUnder('ship_usage', use.attempts > 0, (stripe) =>
        stripe.billing.meterEvents.create(
          {
            event_name: meterEventName(this.prices.list.code, meter),
            identifier,
            timestamp: Math.floor(usedAt.getTime() / 1_000),
            payload: { stripe_customer_id: customer, value: String(amount) },
          },
          { idempotencyKey: keyOf(use) },
        ),
      );
      await this.settle(use, 'shipped', null);
    } catch (error) {
      await this.failed(use, error);
    }
  }

  private async failed(use: TakenUse, error: unknown): Promise<void> {
    const cause = error instanceof DomainError ? error.cause : error;
    const word = failureWord(cause ?? error);
    if (isDuplicateUse(cause)) return this.settle(use, 'shipped', null);
    // Nobody was asked, or nobody did anything: this attempt never was.
    if (!cause || isInUse(cause) || (isOutage(cause) && !isUnknown(cause)))
      return this.shipments.takeBack(use, waitAfter(use), word);
    if (isOurFault(cause)) return this.shipments.takeBack(use, LATER_MS, word);
    if (isUnknown(cause)) return this.shipments.postpone(use, waitAfter(use), word);
    // Refused now; one before, whose answer was lost, may have been counted.
    return use.sentAt ? this.settle(use, 'parked', `UNCLEAR ${word}`) : this.settle(use, 'failed', word);
  }

  private async settle(use: TakenUse, outcome: Outcome, failure: string | null): Promise<void> {
    if (!(await this.shipments.settle(use, outcome, failure, this.clock.now()))) return;
    usesSettled.inc({ outcome });
    if (outcome === 'failed' || outcome === 'parked')
      this.log.warn({ tenant_id: use.tenantId, use: use.id, outcome, failure }, 'A use is not billed.');
  }
}

/**
 * Stripe keeps a fault of its own under the key like any other answer: asked by another key it looks at the identifier. Under
 * one key it takes the same question alone, and what was never counted may have another time by now.
 */
const keyOf = ({ identifier, attempts, failure, sentAt }: TakenUse): string =>
  /^5\d\d/.test(failure ?? '') || (attempts > 0 && !sentAt) ? `${identifier}-${attempts}` : identifier;

/** With this one. */
const waitAfter = ({ attempts }: TakenUse): number => retryWait(attempts + 1, WAITS);
