import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { Actor, Clock, Db, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { ReadLicenses } from '#licensing';
import { LicenseChanged, LicenseIssued } from '#licensing/events';
import { NoticeRaised, SubscriptionChanged } from '../events/index.js';
import { subscriptionView } from '../http/billing.view.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { StreamEvents } from '../persistence/stream-events.js';
import { BillingStreamKeepConfig } from '../streaming/stream.config.js';
import { StreamNews } from '../streaming/stream-news.js';
import { encoded, licenseState, noticeView } from '../streaming/stream-views.js';

const EVENTS = [SubscriptionChanged, NoticeRaised, LicenseIssued, LicenseChanged];

type Told = DeliveredEvent<(typeof EVENTS)[number]>;

/** What is told, and the subscription's revision then. */
interface Telling {
  kind: string;
  data: unknown;
  revision: number;
}

/**
 * Puts what changed into the stream of its tenant. Events come in any order, so what is told is how things stand now, looked
 * at by one writer at a time: the stream never goes back. An effect, because the processes that serve it are woken after the commit.
 */
@Injectable()
@Handles('billing.tell-stream', EVENTS, 'effect')
export class TellStream implements EventHandler<(typeof EVENTS)[number]> {
  constructor(
    private readonly db: Db,
    private readonly stream: StreamEvents,
    private readonly accounts: BillingAccounts,
    private readonly licenses: ReadLicenses,
    private readonly news: StreamNews,
    private readonly keep: BillingStreamKeepConfig,
    private readonly clock: Clock,
  ) {}

  get isOn(): boolean {
    return this.keep.isOn;
  }

  async handle(event: Told): Promise<void> {
    const actor = Actor.system(event.tenantId, event.traceId);
    const isTold = await this.db.transaction(actor, async () => {
      const revision = await this.stream.begin(event.id);
      if (revision === null) return false;
      const telling = await this.tellingOf(actor, event, revision);
      if (!telling) return false;
      const at = this.clock.now();
      await this.stream.add({ eventId: event.id, at, ...telling }, this.keep.events);
      return true;
    });
    if (isTold) this.news.tell(event.tenantId);
  }

  private async tellingOf(actor: Actor, { name, payload }: Told, told: number): Promise<Telling | null> {
    if (name === NoticeRaised.name) {
      const data = encoded('notice.raised', noticeView(payload as z.output<typeof NoticeRaised.schema>));
      return { kind: 'notice.raised', data, revision: told };
    }
    if (name === SubscriptionChanged.name) {
      const account = await this.accounts.get(actor);
      const { revision } = account;
      // Somebody told of this and of what came after it.
      if (revision <= told) return null;
      const data = encoded('subscription.changed', subscriptionView(account));
      return { kind: 'subscription.changed', data, revision };
    }
    const { licenseId } = payload as { licenseId: string };
    const row = await this.licenses.state(actor, licenseId);
    if (!row) return null;
    return { kind: 'license.changed', data: encoded('license.changed', licenseState(row)), revision: told };
  }
}
