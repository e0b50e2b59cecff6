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

/**
 * The parts of an effect that has several, such as a letter to each of ten people. Each is marked by itself, so that what
 * keeps one from being done makes none of the others happen again.
 */
export interface EffectParts {
  /** Those that are done, by this attempt or one before. */
  readonly done: ReadonlySet<string>;
  /**
   * Does a part unless it is done, and marks it together with the events it gives. `key`: the same at every attempt, at
   * most 100 characters.
   *
   * @throws what `work` throws; then it is not done.
   */
  once(key: string, work: () => Promise<RecordedEvent[]>): Promise<void>;
}

/** A reaction to another context's event. */
export interface EventHandler<E extends EventType = EventType> {
  /** False: not in this process; another one does it, or nobody yet. */
  readonly isOn?: boolean;
  /** An effect may give events: they are recorded together with the mark that it happened. Only an effect has parts. */
  handle(event: DeliveredEvent<E>, parts: EffectParts): Promise<void | RecordedEvent[]>;
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
