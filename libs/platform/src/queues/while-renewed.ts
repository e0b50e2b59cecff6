/**
 * Keeps a claim that lasts `lifeMs` while `work` runs, by renewing it three times in each of its lives. A renewal that
 * fails is told and ends nothing: whoever claims meanwhile is known by the number of their attempt.
 */
export async function whileRenewed<T>(
  {
    lifeMs,
    renew,
    failed,
  }: { lifeMs: number; renew: () => Promise<unknown>; failed: (error: unknown) => void },
  work: () => Promise<T>,
): Promise<T> {
  const renewing = setInterval(() => void renew().catch(failed), lifeMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(renewing);
  }
}
