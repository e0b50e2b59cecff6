import { SetMetadata } from '@nestjs/common';
import type { DeliveredEvent, EventType } from './event.js';
import type { RecordedEvent } from './outbox.js';

/**
 * How a handler runs. `transaction`: inside one transaction of the event's tenant, together with the mark
 * that it ran, so its database effects happen once. `effect`: outside any transaction, for what leaves the
 * process (mail, webhooks); at least once, with the event's id as the stable key of the effect.
 */
export type HandlerMode = 'transaction' | 'effect';

export interface Subscription {
  /** `<context>.<what it achieves>`, stable: it is the key of the inbox. */
  name: string;
  event: EventType;
  mode: HandlerMode;
}

/** A reaction to another context's event. */
export interface EventHandler<E extends EventType = EventType> {
  /** False: not in this process; another one does it, or nobody yet. */
  readonly isOn?: boolean;
  /** An effect may give events: they are recorded together with the mark that it happened. */
  handle(event: DeliveredEvent<E>): Promise<void | RecordedEvent[]>;
}

export const SUBSCRIPTIONS = 'gatehouse:subscriptions';

/** Marks a provider as the handler of one event or several. The worker alone discovers handlers. */
export function Handles(
  name: string,
  events: EventType | EventType[],
  mode: HandlerMode = 'transaction',
): ClassDecorator {
  const subscriptions = [events].flat().map((event): Subscription => ({ name, event, mode }));
  return SetMetadata(SUBSCRIPTIONS, subscriptions);
}
