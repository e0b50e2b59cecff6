import type { Lease } from '../formats/lease.js';

/** A server's pace is obeyed within these, in seconds. */
const MIN_INTERVAL_S = 1;
const MAX_INTERVAL_S = 86_400;
/** What the contract tells when no server has told anything yet (C48), in seconds. */
export const DEFAULT_INTERVAL_S = 150;
/** After a failure the first try comes this soon, in ms; each further one waits twice as long. */
const FIRST_RETRY_MS = 5_000;
/** Nothing is put off longer, ms: a machine that slept is noticed by then. */
export const LONGEST_WAIT_MS = 3_600_000;

const bounded = (seconds: number) => Math.min(MAX_INTERVAL_S, Math.max(MIN_INTERVAL_S, seconds));

/** Until the next heartbeat, ms: up to a tenth sooner than told, never later. */
export const beatIn = (intervalSeconds: number, random: number) =>
  Math.round(bounded(intervalSeconds) * 1000 * (1 - random / 10));

/**
 * Until the next try after so many failures in a row (1: the first), ms. Never sooner than the server said and, unless it
 * said so, never later than the next heartbeat would be: one lost beat must not cost the seat (C48).
 */
export function retryIn(
  failures: number,
  intervalSeconds: number,
  retryAfterSeconds: number | null,
  random: number,
): number {
  const doubled = FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16);
  const backoff = Math.min(doubled, bounded(intervalSeconds) * 1000);
  const told = Math.min((retryAfterSeconds ?? 0) * 1000, LONGEST_WAIT_MS);
  return Math.round(Math.max(backoff * (1 - random / 4), told * (1 + random / 10)));
}

/**
 * When to fetch the next lease, epoch ms by the server's clock: when two thirds of its fresh time are over, so that a
 * client that is up never gets near the grace. `random` spreads those that started together over a tenth.
 */
export const renewAt = ({ issuedAt, freshUntil }: Lease, random: number) =>
  issuedAt + ((freshUntil - issuedAt) * (2 - random * 0.3)) / 3;
