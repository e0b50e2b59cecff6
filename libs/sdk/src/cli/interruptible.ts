import { constants } from 'node:os';
import { EXIT, Refusal } from './exit-codes.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Waits for what a person does elsewhere, until a signal comes. Throws Refusal with 128 and its number then. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let came: (typeof SIGNALS)[number] | null = null;
  const listen = (signal: (typeof SIGNALS)[number]) => {
    came = signal;
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (came === null) throw error;
    throw new Refusal(
      EXIT.signal + constants.signals[came as NodeJS.Signals],
      'Stopped; nothing was changed.',
    );
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, listen);
  }
}
