// A closed loop of kept-alive connections, in a process of its own so that it does not share a core's event loop with
// what it measures. Told over IPC what to send, it answers with what it saw.
import { Line } from './line.js';

export interface Load {
  url: string;
  bearer: string;
  connections: number;
  seconds: number;
  /** `heartbeat`: beats the seats in turn. `cycle`: acquires and releases. */
  kind: 'heartbeat' | 'cycle';
  /** Hardware ids, one seat each. */
  devices: string[];
  /** Their session ids, for heartbeats. */
  sessions: string[];
}

export interface Seen {
  /** Heartbeats, or whole cycles. */
  done: number;
  failed: number;
  seconds: number;
  /** Of single requests, in ms. */
  p50: number;
  p99: number;
}

async function run(load: Load): Promise<Seen> {
  const headers = { authorization: `Bearer ${load.bearer}` };
  const lines = await Promise.all(
    Array.from({ length: load.connections }, () => Line.open(load.url, headers)),
  );
  const times: number[] = [];
  let done = 0;
  let failed = 0;
  let next = 0;
  const began = performance.now();
  const until = began + load.seconds * 1000;

  const ask = async (line: Line, method: string, verb: string, body: object) => {
    const sent = performance.now();
    const answer = await line.ask(method, `/api/v1/licenses/${verb}`, JSON.stringify(body));
    times.push(performance.now() - sent);
    if (answer.status !== 200) failed++;
    return answer;
  };
  const beat = async (line: Line) => {
    await ask(line, 'PUT', 'heartbeat', { session_id: load.sessions[next++ % load.sessions.length] });
  };
  const cycle = async (line: Line) => {
    const held = await ask(line, 'POST', 'acquire', {
      hardware_id: load.devices[next++ % load.devices.length],
    });
    const { session_id } = JSON.parse(held.body) as { session_id?: string };
    await ask(line, 'DELETE', 'release', { session_id });
  };
  const turn = load.kind === 'heartbeat' ? beat : cycle;
  await Promise.all(
    lines.map(async (line) => {
      for (; performance.now() < until; done++) await turn(line);
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const line of lines) line.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { done, failed, seconds, p50: at(0.5), p99: at(0.99) };
}

process.on('message', (load: Load) => void run(load).then((seen) => process.send?.(seen)));
process.send?.({ type: 'ready' });
