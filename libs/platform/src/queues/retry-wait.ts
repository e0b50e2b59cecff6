interface Waits {
  retryMs: number;
  retryMaxMs: number;
}

/** With the defaults the twelve attempts spread over about four hours: an outage of a mail server is survived. */
const FACTOR = 3;

/**
 * How long to wait after attempt number `attempts` has failed, in ms. Half of it is chance, so that what failed
 * together does not come back together.
 */
export function retryWait(attempts: number, { retryMs, retryMaxMs }: Waits, chance = Math.random()): number {
  const full = Math.min(retryMaxMs, retryMs * FACTOR ** (attempts - 1));
  return Math.round(full * (0.5 + chance / 2));
}
