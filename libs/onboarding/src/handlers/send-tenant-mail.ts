import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EffectParts,
  type EventHandler,
  EventMail,
  Handles,
  type Letter,
} from '#platform';
import { ReadContact } from '#identity';
import { DescribeOwners } from '#tenancy';
import {
  ExportFailed,
  ExportMade,
  TenantDeleted,
  TenantDeletionAsked,
  TenantRestored,
} from '#tenancy/events';
import { type TenantMail, tenantMail } from './tenant-mail.js';

const EVENTS = [ExportMade, ExportFailed, TenantDeletionAsked, TenantRestored, TenantDeleted];

type Told = DeliveredEvent<
  | typeof ExportMade
  | typeof ExportFailed
  | typeof TenantDeletionAsked
  | typeof TenantRestored
  | typeof TenantDeleted
>;

/** Writes to the owners of an organisation what becomes of it, and to who asked for an export what became of that. */
@Injectable()
@Handles('onboarding.send-tenant-mail', EVENTS, 'effect')
export class SendTenantMail implements EventHandler {
  constructor(
    private readonly describeOwners: DescribeOwners,
    private readonly readContact: ReadContact,
    private readonly eventMail: EventMail,
  ) {}

  async handle(event: Told, parts: EffectParts): Promise<void> {
    await this.eventMail.sendEach(event, await this.letters(event), parts);
  }

  private async letters(event: Told): Promise<Letter[]> {
    const actor = Actor.system(event.tenantId, event.traceId);
    const tenant = await this.describeOwners.execute(actor);
    if (!tenant) return [];
    const mail = mailOf(event);
    const { payload } = event;
    // Whoever asked and is no owner any more learns nothing of the organisation.
    const to =
      'userId' in payload ? tenant.owners.filter((userId) => userId === payload.userId) : tenant.owners;
    const letters: Letter[] = [];
    for (const userId of to) {
      const contact = await this.readContact.execute(actor, userId);
      if (!contact) continue;
      const written = { ...tenantMail(tenant.name, contact.displayName, mail), to: contact.email };
      letters.push({ about: userId, mail: written, told: { kind: mail.kind, userId } });
    }
    return letters;
  }
}

function mailOf({ name, payload }: Told): TenantMail {
  if ('until' in payload) return { kind: 'export_ready', until: new Date(payload.until) };
  if ('failure' in payload) return { kind: 'export_failed', failure: payload.failure };
  if ('deletesAt' in payload) return { kind: 'deletion_asked', deletesAt: new Date(payload.deletesAt) };
  return { kind: name === TenantRestored.name ? 'tenant_restored' : 'tenant_deleted' };
}
