import type { z } from 'zod';

/** An event as its publisher declares it: `<context>.<noun>.<past verb>`, an integer version, a schema. */
export interface EventType<S extends z.ZodType = z.ZodType> {
  name: string;
  version: number;
  schema: S;
}

/**
 * Declares an event. Payloads hold facts and ids, never secrets and never entities.
 *
 * @throws Error when the name is not `<context>.<noun>.<past verb>`.
 */
export function defineEvent<S extends z.ZodType>(name: string, version: number, schema: S): EventType<S> {
  if (!/^[a-z_]+\.[a-z_]+\.[a-z_]+$/.test(name))
    throw new Error(`${name} is not <context>.<noun>.<past verb>.`);
  return { name, version, schema };
}

export type PayloadOf<E extends EventType> = z.output<E['schema']>;

/** An event as its handlers get it. */
export interface DeliveredEvent<E extends EventType = EventType> {
  /** evt_..., the same at every delivery. */
  id: string;
  name: string;
  version: number;
  tenantId: string;
  actor: { type: string; id: string | null; reason: string | null };
  traceId: string;
  address: string | null;
  occurredAt: Date;
  payload: PayloadOf<E>;
}
