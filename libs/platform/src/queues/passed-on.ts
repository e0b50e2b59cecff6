/** Of a job that a process is not to serve: when that was first so since somebody last tried it, and how often it had begun. */
export interface PassedOn {
  /** Epoch ms. */
  at: number;
  begun: number;
}

/** So soon is what others serve offered again, in ms: it is a queue that all share. */
const ELSEWHERE_MS = 250;
/** Nobody serves what was offered so often and for so long: in a full queue it may only have been unlucky. */
const UNSERVED = { offers: 100, afterMs: 60_000 };
/** It must not keep the queue busy, nor lie for long once somebody serves it: a sixth of its age, in ms, within these. */
const UNSERVED_WAIT = { share: 6, minMs: 10_000, maxMs: 30_000 };

/** What becomes of a job that has begun for the `begun`-th time, again where it is not served. */
export function offeredAgain(
  passed: PassedOn,
  begun: number,
  now: number,
): { inMs: number; isUnserved: boolean } {
  const age = now - passed.at;
  const isUnserved = begun - passed.begun >= UNSERVED.offers && age >= UNSERVED.afterMs;
  const { share, minMs, maxMs } = UNSERVED_WAIT;
  return { isUnserved, inMs: isUnserved ? Math.min(Math.max(age / share, minMs), maxMs) : ELSEWHERE_MS };
}
