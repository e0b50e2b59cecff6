import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { Clock, DomainError, Log } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { type Drift, DRIFTS, driftOf, needsPayment } from '../domain/drift.js';
import { isOurs } from '../domain/ours.js';
import { isAlive } from '../domain/project.js';
import { Drifts, type SeenDrift } from '../persistence/drifts.js';
import { type Held, type Sweep, Sweeps } from '../persistence/sweeps.js';
import { isBlameless } from '../stripe/blame.js';
import { refId } from '../stripe/id-of.js';
import { LISTED_WITH, orNull, subscriptionFacts } from '../stripe/look.js';
import { failureWord } from '../stripe/stripe-failures.js';
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
/** What fails so often while Stripe answers is left to operators, and the others' turn comes. */
const FAILURES_MAX = 3;

/** Compares what Stripe has with what we have, a page at a time and one call after the other, and repairs what is safe. */
@Injectable()
export class Reconcile {
  private readonly worker = randomUUID();
  private isPrepared = false;
  /** How often each subject could not be compared in the sweep that this process is at. */
  private failures = { sweep: '', of: new Map<string, number>() };

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
    const name = `${sweep.kind} ${sweep.startedAt.toISOString()}`;
    // Another process may have finished the one before.
    if (this.failures.sweep !== name) this.failures = { sweep: name, of: new Map() };
    if (sweep.phase === 'stripe') await this.pageOfStripe(sweep);
    else await this.pageOfOurs(sweep);
    return true;
  }

  private async pageOfStripe(sweep: Sweep): Promise<void> {
    const { position } = sweep;
    const page = await this.gateway.read('sweep_subscriptions', (stripe) => {
      const listed = stripe.subscriptions.list({
        // Left out: all that have not ended.
        ...(sweep.kind === 'nightly' ? { status: 'all' as const } : {}),
        ...(position ? { starting_after: position } : {}),
        limit: PAGE,
        // As the facts were looked at that it is compared with.
        expand: LISTED_WITH,
      });
      return position ? orNull(listed) : listed;
    });
    // Stripe does not know any more where we were: from the beginning, what is compared already costs little.
    if (!page) return this.sweeps.advance(this.worker, { ...sweep, position: null });
    const { data, has_more: hasMore } = page;
    const held = await this.sweeps.heldOf(data.map((one) => refId(one.customer)));
    for (const one of data) {
      if (!(await this.compare(sweep, one, held.get(refId(one.customer))))) return;
    }
    // Afterwards: what was missing has its account now.
    await this.sweeps.seen(
      data
        .filter((one) => isAlive(one.status))
        .map((one) => ({ id: one.id, customerId: refId(one.customer) })),
      this.clock.now(),
    );
    const last = data.at(-1);
    const next = hasMore && last ? { position: last.id } : { phase: 'ours' as const, position: null };
    await this.sweeps.advance(this.worker, { ...sweep, ...next });
  }

  /** False when another worker goes on with it. */
  private async compare(sweep: Sweep, one: Stripe.Subscription, held: Held | undefined): Promise<boolean> {
    if (!held && !(isAlive(one.status) && this.isOurs(one))) return true;
    // Of a deleted customer Stripe tells no more than we made of it: the two never agree.
    if (held?.facts?.isDeleted) return true;
    const customerId = refId(one.customer);
    const seen: SeenDrift = {
      kind: held ? 'stale' : 'missing',
      subject: one.id,
      tenantId: held?.tenantId ?? null,
      details: { customerId, status: one.status },
    };
    const kind = held
      ? await this.orLeave(seen, () => driftOf(subscriptionFacts(one, null), held.facts))
      : 'missing';
    if (!kind) return true;
    await this.repair({ ...seen, kind }, customerId);
    return this.sweeps.extend(this.worker, sweep.kind, LEASE_MS);
  }

  /** The account at Stripe may sell more than this. */
  private isOurs(one: Stripe.Subscription): boolean {
    return Boolean(one.metadata?.tenant_id) || isOurs(subscriptionFacts(one, null), this.prices.list);
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
    const followed = await this.orLeave(seen, () => this.follow.execute(customerId, randomUUID()));
    if (!followed) return;
    if (followed.outcome === 'foreign') {
      const { why, tenantId = seen.tenantId } = followed;
      const kind: Drift = why === 'OTHER_CUSTOMER' ? 'duplicate' : seen.tenantId ? seen.kind : 'orphan';
      await this.leave({ ...seen, kind, tenantId, details: { ...seen.details, why } });
      return;
    }
    // What was told meanwhile, or turns out as it was, is nothing that we had missed.
    if (followed.outcome === 'superseded' || (isGuess && !followed.isChanged)) return;
    const id = await this.drifts.see({ ...seen, tenantId: followed.tenantId }, now);
    await this.drifts.resolve(id, now, { resolution: 'repaired' });
    driftsFound.inc({ kind: seen.kind, outcome: 'repaired' });
  }

  /**
   * What `work` gives. What fails again and again while Stripe answers others is left to operators, and gives null: it keeps
   * nobody behind it waiting. Throws else: the sweep waits and tries it once more.
   */
  private async orLeave<T>(seen: SeenDrift, work: () => T | Promise<T>): Promise<T | null> {
    const failures = this.failures.of;
    try {
      const done = await work();
      failures.delete(seen.subject);
      return done;
    } catch (error) {
      if (await isBlameless(this.gateway, error)) throw error;
      const isSaid = error instanceof DomainError && error.code !== 'BILLING_UNAVAILABLE';
      const times = (failures.get(seen.subject) ?? 0) + 1;
      failures.set(seen.subject, times);
      if (!isSaid && times < FAILURES_MAX) throw error;
      const isOver = isSaid && error.code === 'TENANT_DELETED';
      const why = failureWord(!isSaid && error instanceof DomainError ? error.cause : error);
      if (!isSaid) this.log.error({ error, subject: seen.subject }, 'It cannot be compared with Stripe.');
      await this.leave({ ...seen, kind: isOver ? 'orphan' : seen.kind, details: { ...seen.details, why } });
      return null;
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
