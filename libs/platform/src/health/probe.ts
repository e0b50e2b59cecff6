/** How a dependency answered: in time, not at all, or nobody to ask. */
export interface Finding {
  status: 'up' | 'down' | 'unconfigured';
  /** How long it took, in ms; null when there was nobody to ask. */
  ms: number | null;
}

export const UNCONFIGURED: Finding = { status: 'unconfigured', ms: null };

/** Longest wait for one dependency, in ms: Kubernetes gives a probe up after 1 s unless told otherwise. */
export const PROBE_TIMEOUT_MS = 900;

/** Asks once and never throws. The signal that `ask` gets ends it after {@link PROBE_TIMEOUT_MS}. */
export async function probe(ask: (signal: AbortSignal) => Promise<unknown>): Promise<Finding> {
  const started = performance.now();
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const asked = (async () => ask(signal))();
  const answered = await Promise.race([
    asked.then(
      () => true,
      () => false,
    ),
    aborted(signal),
  ]);
  return { status: answered ? 'up' : 'down', ms: Math.round((performance.now() - started) * 10) / 10 };
}

const aborted = (signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }));
