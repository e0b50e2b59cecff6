import { Injectable } from '@nestjs/common';
import { type Actor, Clock, EventStream, OpenStreams, type SentEvent } from '#platform';
import { ReadLicenses } from '#licensing';
import { subscriptionView } from '../http/billing.view.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { idOfPosition, positionOf, StreamEvents } from '../persistence/stream-events.js';
import { BillingStreamLimits } from '../streaming/stream.config.js';
import { encoded, licenseState } from '../streaming/stream-views.js';
import { BillingAccess } from './billing-access.js';

/** Events that are read, and held in memory for one reader, at a time. */
const BATCH = 50;
/** Nobody has more licences that are worth telling at once; the list has the others. */
const LICENSES_MAX = 100;
/** Who lost the line comes back after so many ms. */
const RETRY_MS = 2_000;

/** Opens the live stream of a tenant's billing: how things stand, or where a reader left off, and what comes from then on. */
@Injectable()
export class OpenBillingStream {
  constructor(
    private readonly access: BillingAccess,
    private readonly places: OpenStreams,
    private readonly events: StreamEvents,
    private readonly accounts: BillingAccounts,
    private readonly licenses: ReadLicenses,
    private readonly limits: BillingStreamLimits,
    private readonly clock: Clock,
  ) {}

  /**
   * `lastEventId`: of the last event that the reader has had. The place is given back when the stream closes. Throws 403
   * `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 429 `TOO_MANY_STREAMS`.
   */
  async execute(actor: Actor, lastEventId: string | undefined): Promise<EventStream> {
    this.access.mayRead(actor);
    actor.must('licenses:read');
    const giveBack = await this.places.take(this.limits, {
      tenantId: actor.tenantId!,
      userId: actor.id!,
      traceId: actor.origin.traceId,
    });
    try {
      const stream = new EventStream({
        ...(await this.beginning(actor, lastEventId)),
        read: (after) => this.events.after(actor, after, BATCH),
        retryMs: RETRY_MS,
        now: () => this.clock.now().getTime(),
      });
      stream.once('close', giveBack);
      return stream;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Behind the last event of the reader, while all that followed is still there; else with how things stand. */
  private async beginning(
    actor: Actor,
    lastEventId: string | undefined,
  ): Promise<{ opening: SentEvent[]; after: string }> {
    // Before the look at how things stand: what changes meanwhile is told again, and nothing is missed.
    const { head, from } = await this.events.span(actor);
    const last = positionOf(lastEventId ?? '');
    if (last !== null && last >= from && last <= head) return { opening: [], after: idOfPosition(last) };

    const [account, licenses] = await Promise.all([
      this.accounts.get(actor),
      this.licenses.page(actor, { limit: LICENSES_MAX }),
    ]);
    const data = encoded('state', {
      subscription: subscriptionView(account),
      licenses: licenses.data.map(licenseState),
    });
    const id = idOfPosition(head);
    return { opening: [{ id, kind: 'state', data: JSON.stringify(data) }], after: id };
  }
}
