import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles, NOBODYS_TENANT, wire } from '#platform';
import { Entries } from '../persistence/entries.js';
import { SUBJECTS } from './subjects.js';

/** Writes what happened into the trail of the tenant it happened to. */
@Injectable()
@Handles('audit.record-event', SUBJECTS.map((subject) => subject.event))
export class RecordEvent implements EventHandler {
  constructor(private readonly entries: Entries) {}

  async handle(event: DeliveredEvent): Promise<void> {
    // Of a person who is in no organisation: there is no trail that somebody could read.
    if (event.tenantId === NOBODYS_TENANT) return;
    const told = SUBJECTS.find((subject) => subject.event.name === event.name);
    if (!told) throw new Error(`The audit trail has no words for ${event.name}.`);
    const payload = event.payload as Record<string, unknown>;
    const { actor } = event;
    const subject = told.subject === null ? null : payload[told.subject];
    await this.entries.append([
      {
        id: event.id.replace(/^evt_/, 'aud_'),
        actor: { type: actor.type, id: actor.id },
        userId: actor.type === 'user' ? actor.id : null,
        action: told.action,
        subject: typeof subject === 'string' ? subject : null,
        outcome: 'success',
        metadata: {
          ...(wire(told.event.schema).encode(payload) as object),
          ...(actor.reason ? { reason: actor.reason } : {}),
        },
        address: event.address,
        traceId: event.traceId,
        createdAt: event.occurredAt,
      },
    ]);
  }
}
