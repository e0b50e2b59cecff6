import type { EventType, PayloadOf } from './event.js';
import { occurred, type RecordedEvent } from './outbox.js';

/** What changes only through its own verbs, and tells what happened. */
export abstract class Aggregate {
  private events: RecordedEvent[] = [];

  protected record<E extends EventType>(event: E, payload: PayloadOf<E>, occurredAt: Date): void {
    this.events.push(occurred(event, payload, occurredAt));
  }

  /** What has happened since the last call. Its repository hands it to the outbox. */
  takeEvents(): RecordedEvent[] {
    return this.events.splice(0);
  }
}
