import { randomBytes } from 'node:crypto';
import { Agent, request as send, type RequestOptions } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** How one request ended, as its sender saw it. */
export interface Outcome {
  /** The process it was sent to. */
  origin: string;
  /** Under which the process logs it. */
  traceId: string;
  /**
   * `refused`: nobody listened. `reset`: a new connection was reset before anything was answered, as the kernel does
   * with those that wait when a port closes. `cut`: anything else that was not answered in full.
   */
  ended: 'answered' | 'refused' | 'reset' | 'cut';
  status?: number;
  cause?: string;
}

export interface Sending {
  method?: string;
  path: string;
  bearer?: string;
  body?: object;
  /** Pause in the middle of the body, in ms. */
  dawdleMs?: number;
}

/** Sends one request and waits for the whole of its answer. */
export function sendOne(origin: string, agent: Agent | false, what: Sending): Promise<Outcome> {
  const traceId = randomBytes(16).toString('hex');
  const body = what.body === undefined ? undefined : Buffer.from(JSON.stringify(what.body));
  const options: RequestOptions = {
    method: what.method ?? (body ? 'POST' : 'GET'),
    agent,
    headers: {
      traceparent: `00-${traceId}-0123456789abcdef-01`,
      ...(what.bearer ? { authorization: `Bearer ${what.bearer}` } : {}),
      ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
    },
  };
  return new Promise((resolve) => {
    let begun = false;
    const fail = (error: NodeJS.ErrnoException) => {
      const fresh = !request.reusedSocket && !begun && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
      const ended = error.code === 'ECONNREFUSED' ? 'refused' : fresh ? 'reset' : 'cut';
      resolve({ origin, traceId, ended, cause: `${error.code ?? ''} ${error.message}` });
    };
    const request = send(new URL(what.path, origin), options, (response) => {
      begun = true;
      response.on('error', fail);
      response.on('end', () =>
        resolve({
          origin,
          traceId,
          ended: response.complete ? 'answered' : 'cut',
          status: response.statusCode,
        }),
      );
      response.resume();
    });
    request.on('error', fail);
    void write(request, body, what.dawdleMs);
  });
}

async function write(
  request: ReturnType<typeof send>,
  body: Buffer | undefined,
  dawdleMs: number | undefined,
): Promise<void> {
  if (!body || !dawdleMs) return void request.end(body);
  request.write(body.subarray(0, 5));
  await pause(dawdleMs);
  request.end(body.subarray(5));
}

/** One client that calls again and again; it moves to the next origin when its own takes no more connections. */
export class Client {
  readonly outcomes: Outcome[] = [];
  private readonly agent: Agent | false;

  constructor(
    private readonly origins: string[],
    keepsAlive: boolean,
    private readonly next: (turn: number) => Sending,
  ) {
    this.agent = keepsAlive ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
  }

  /** Until `isOver`; gives what became of every request. */
  async run(isOver: () => boolean): Promise<Outcome[]> {
    let at = 0;
    while (!isOver()) {
      const outcome = await sendOne(this.origins[at]!, this.agent, this.next(this.outcomes.length));
      this.outcomes.push(outcome);
      if (outcome.ended === 'refused' || outcome.ended === 'reset') at = (at + 1) % this.origins.length;
    }
    if (this.agent) this.agent.destroy();
    return this.outcomes;
  }
}
