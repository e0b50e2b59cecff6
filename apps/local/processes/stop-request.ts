/** One Ctrl-C reaches us up to three times: from the terminal, from npm and from the launcher. */
const SAME_REQUEST_MS = 500;

export interface StopRequests {
  /** Resolves at the first Ctrl-C, SIGTERM or SIGHUP, or when the process that launched us is gone. */
  first: Promise<NodeJS.Signals>;
  /** Resolves at the next one, from someone who does not want to wait. */
  second: Promise<NodeJS.Signals>;
}

export function stopRequests(): StopRequests {
  let lastAt = 0;
  let count = 0;
  const resolvers: ((signal: NodeJS.Signals) => void)[] = [];
  const next = () => new Promise<NodeJS.Signals>((resolve) => resolvers.push(resolve));
  const requests = { first: next(), second: next() };

  const request = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (count > 0 && now - lastAt < SAME_REQUEST_MS) return;
    lastAt = now;
    resolvers[count]?.(signal);
    count += 1;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  process.once('disconnect', () => request('SIGHUP'));
  // The terminal may be gone, too: what we still say must not end us before everything is stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return requests;
}
