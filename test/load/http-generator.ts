// Requests over kept-alive connections, from a process of its own so that it does not share an event loop with what it
// measures. Told over IPC what to send, it answers with what it saw.
import { setTimeout as pause } from 'node:timers/promises';
import { Line } from './line.js';

export interface HttpLoad {
  url: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
  /** One for each request, in turn. */
  bodies?: string[];
  /** One for each connection, which follows it: each request sends what the last answer gave. */
  refreshTokens?: string[];
  /** In all; left out: each connection asks again as soon as it is answered. */
  perSecond?: number;
}

export interface HttpSeen {
  done: number;
  /** Not answered with 200. */
  failed: number;
  seconds: number;
  /** Of single requests, ms. */
  p50: number;
  p99: number;
  /** Where each connection's chain has come to. */
  refreshTokens: string[];
}

async function run(load: HttpLoad): Promise<HttpSeen> {
  const { connections, perSecond } = load;
  const lines = await Promise.all(
    Array.from({ length: connections }, () => Line.open(load.url, load.headers)),
  );
  const refreshTokens = [...(load.refreshTokens ?? [])];
  const times: number[] = [];
  let failed = 0;
  let next = 0;
  const bodyOf = (at: number) => {
    if (load.refreshTokens) return JSON.stringify({ refresh_token: refreshTokens[at] });
    return load.bodies?.[next++ % load.bodies.length] ?? '';
  };

  const began = performance.now();
  const until = began + load.seconds * 1000;
  const everyMs = perSecond === undefined ? 0 : (1000 * connections) / perSecond;
  await Promise.all(
    lines.map(async (line, at) => {
      for (let due = began + (everyMs * at) / connections; ; due += everyMs) {
        const wait = everyMs === 0 ? 0 : due - performance.now();
        if (wait > 0) await pause(wait);
        const now = performance.now();
        if (now >= until) return;
        // Whoever was kept waiting by the answer before waits since then.
        const asked = everyMs > 0 && wait < 0 ? due : now;
        const { status, body } = await line.ask(load.method, load.path, bodyOf(at));
        times.push(performance.now() - asked);
        if (status !== 200) failed++;
        else if (load.refreshTokens)
          refreshTokens[at] = (JSON.parse(body) as { refresh_token: string }).refresh_token;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const line of lines) line.close();
  times.sort((a, b) => a - b);
  const share = (part: number) => times[Math.floor(times.length * part)] ?? Number.NaN;
  return { done: times.length, failed, seconds, p50: share(0.5), p99: share(0.99), refreshTokens };
}

process.on('message', (load: HttpLoad) => void run(load).then((seen) => process.send?.(seen)));
process.send?.({ type: 'ready' });
