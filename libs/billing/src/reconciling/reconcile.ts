import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { Clock, DomainError, Log } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { type Drift, DRIFTS, driftOf, needsPayment } from '../domain/drift.js';
import { partOf } from '../domain/plan-price.js';
import { isAlive } from '../domain/project.js';
import { Drifts, type SeenDrift } from '../persistence/drifts.js';
import { type Held, type Sweep, Sweeps } from '../persistence/sweeps.js';
import { subscriptionFacts } from '../stripe/look.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { FollowCustomer } from '../use-cases/follow-customer.js';
import { driftsFound, driftsOpen, sweepsDone } from './metrics.js';
import { nextSweep } from './schedule.js';

/** Stripe's most for a page, and ours. */
const PAGE = 100;
/** Of a worker that was killed another takes over after so many ms; longer than one customer takes. */
const LEASE_MS = 60_000;
/** An hourly sweep looks at what has changed for so long before it, in ms: nothing falls between two of them. */
const CHANGED_MS = 2 * 3_600_000;

/** Compares what Stripe has with what we have, a page at a time and one call after the other, and repairs what is safe. */
@Injectable()
export class Reconcile {
  private readonly worker = randomUUID();
  private isPrepared = false;

  constructor(
    private readonly sweeps: Sweeps,
    private readonly drifts: Drifts,
    private readonly gateway: StripeGateway,
    private readonly follow: FollowCustomer,
    private readonly prices: Prices,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** One page of a sweep that is due; true when there is more. Throws 503 `BILLING_UNAVAILABLE`: it goes on there later. */
  async turn(): Promise<boolean> {
    if (!this.isPrepared) await this.sweeps.prepare(this.clock.now());
    this.isPrepared = true;
    const sweep = await this.sweeps.take(this.worker, this.clock.now(), LEASE_MS);
    if (!sweep) return false;
    if (sweep.phase === 'stripe') await this.pageOfStripe(sweep);
    else await this.pageOfOurs(sweep);
    return true;
  }

  private async pageOfStripe(sweep: Sweep): Promise<void> {
    const { data, has_more: hasMore } = await this.gateway.read('sweep_subscriptions', (stripe) =>
      stripe.subscriptions.list({
        // Left out: all that have not ended.
        ...(sweep.kind === 'nightly' ? { status: 'all' as const } : {}),
        ...(sweep.position ? { starting_after: sweep.position } : {}),
        limit: PAGE,
      }),
    );
    const held = await this.sweeps.heldOf(data.map(customerOf));
    for (const one of data) {
      if (!(await this.compare(sweep, one, held.get(customerOf(one))))) return;
    }
    // Afterwards: what was missing has its account now.
    await this.sweeps.seen(data.filter((one) => isAlive(one.status)).map(customerOf), this.clock.now());
    const last = data.at(-1);
    const next = hasMore && last ? { position: last.id } : { phase: 'ours' as const, position: null };
    await this.sweeps.advance(this.worker, { ...sweep, ...next });
  }

  /** False when another worker goes on with it. */
  private async compare(sweep: Sweep, one: Stripe.Subscription, held: Held | undefined): Promise<boolean> {
    if (!held && !(isAlive(one.status) && this.isOurs(one))) return true;
    const kind = held ? driftOf(subscriptionFacts(one, null), held.facts) : 'missing';
    if (!kind) return true;
    const customerId = customerOf(one);
    await this.repair(
      {
        kind,
        subject: one.id,
        tenantId: held?.tenantId ?? null,
        details: { customerId, status: one.status },
      },
      customerId,
    );
    return this.sweeps.extend(this.worker, sweep.kind, LEASE_MS);
  }

  /** The account at Stripe may sell more than this. */
  private isOurs(one: Stripe.Subscription): boolean {
    if (one.metadata?.tenant_id) return true;
    return one.items.data.some(
      ({ price }) =>
        price.metadata?.gatehouse_plan !== undefined ||
        (price.lookup_key !== null && partOf(this.prices.list, price.lookup_key) !== null),
    );
  }

  private async pageOfOurs(sweep: Sweep): Promise<void> {
    const since = sweep.kind === 'hourly' ? new Date(sweep.startedAt.getTime() - CHANGED_MS) : null;
    const accounts = await this.sweeps.ours(sweep, since, PAGE);
    for (const { isSeen, ...held } of accounts) {
      await this.look(held, isSeen);
      if (!(await this.sweeps.extend(this.worker, sweep.kind, LEASE_MS))) return;
    }
    const last = accounts.at(-1);
    if (last && accounts.length === PAGE) {
      await this.sweeps.advance(this.worker, { ...sweep, position: last.tenantId });
    } else await this.finish(sweep);
  }

  private async look({ tenantId, customerId, standing }: Held, isSeen: boolean): Promise<void> {
    const { duplicates, state, subscriptionId } = standing;
    if (duplicates.length > 0) {
      const details = { subscriptions: [...(subscriptionId ? [subscriptionId] : []), ...duplicates] };
      await this.leave({ kind: 'duplicate', subject: customerId, tenantId, details });
    }
    // What Stripe has listed as alive is compared already.
    if (isSeen) return;
    const details = { customerId, state };
    const subject = subscriptionId ?? customerId;
    if (needsPayment(standing)) {
      await this.repair({ kind: 'access_without_payment', subject, tenantId, details }, customerId, true);
    } else if (!['none', 'cancelled', 'contract'].includes(state)) {
      await this.repair({ kind: 'stale', subject, tenantId, details }, customerId, true);
    }
  }

  /**
   * By the same look as an event would have caused. What that cannot put right waits for an operator. `isGuess`: only the
   * look tells whether anything was wrong.
   */
  private async repair(seen: SeenDrift, customerId: string, isGuess = false): Promise<void> {
    const now = this.clock.now();
    try {
      const followed = await this.follow.execute(customerId, randomUUID());
      if (followed.outcome === 'foreign') {
        const { why } = followed;
        const kind: Drift = why === 'OTHER_CUSTOMER' ? 'duplicate' : seen.tenantId ? seen.kind : 'orphan';
        await this.leave({ ...seen, kind, details: { ...seen.details, why } });
        return;
      }
      // What was told meanwhile, or turns out as it was, is nothing that we had missed.
      if (followed.outcome === 'superseded' || (isGuess && !followed.isChanged)) return;
      const id = await this.drifts.see({ ...seen, tenantId: followed.tenantId }, now);
      await this.drifts.resolve(id, now, { resolution: 'repaired' });
      driftsFound.inc({ kind: seen.kind, outcome: 'repaired' });
    } catch (error) {
      // Stripe is away: the sweep waits, and nothing is wrong with the customer.
      if (!(error instanceof DomainError) || error.code === 'BILLING_UNAVAILABLE') throw error;
      const kind = error.code === 'TENANT_DELETED' ? 'orphan' : seen.kind;
      await this.leave({ ...seen, kind, details: { ...seen.details, why: error.code } });
    }
  }

  private async leave(seen: SeenDrift): Promise<void> {
    await this.drifts.see(seen, this.clock.now());
    driftsFound.inc({ kind: seen.kind, outcome: 'open' });
    this.log.warn(
      { drift: seen.kind, subject: seen.subject, tenant_id: seen.tenantId },
      'Stripe and we disagree.',
    );
  }

  private async finish({ kind, startedAt }: Sweep): Promise<void> {
    const now = this.clock.now();
    if (kind === 'nightly') await this.drifts.resolveUnseen(startedAt, now);
    const open = new Map((await this.drifts.countOpen()).map((one) => [one.kind, one.count]));
    for (const drift of DRIFTS) driftsOpen.set({ kind: drift }, open.get(drift) ?? 0);
    await this.sweeps.finish(this.worker, kind, now, nextSweep(kind, now));
    sweepsDone.inc({ kind });
  }
}

const customerOf = ({ customer }: Stripe.Subscription): string =>
  typeof customer === 'string' ? customer : customer.id;
