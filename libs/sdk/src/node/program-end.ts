/** What ends a program from outside, where it does nothing about it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const closers = new Set<() => Promise<void>>();

/**
 * Calls back when the program is about to end: it has nothing left to do, or one of SIGINT, SIGTERM and SIGHUP came. A
 * program that handles the signal itself goes on doing so, and ends when it likes; else it dies of the signal, as it would
 * have, once all callbacks are over. `process.exit` calls nobody: await `close()` before it. Gives what calls it off.
 */
export function onProgramEnd(close: () => Promise<void>): () => void {
  if (closers.size === 0) {
    // First in line: a handler that others registered with `once` is still counted then.
    for (const signal of SIGNALS) process.prependListener(signal, onSignal);
    process.on('beforeExit', onBeforeExit);
  }
  closers.add(close);
  return () => {
    if (!closers.delete(close) || closers.size > 0) return;
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    process.removeListener('beforeExit', onBeforeExit);
  };
}

function onSignal(signal: NodeJS.Signals): void {
  const isHandled = process.listenerCount(signal) > 1;
  // Each takes itself off the list at once, so a second signal meets the system's own handling.
  void closeAll().then(() => {
    if (!isHandled) process.kill(process.pid, signal);
  });
}

const onBeforeExit = () => void closeAll();

async function closeAll(): Promise<void> {
  await Promise.allSettled([...closers].map((close) => close()));
}
