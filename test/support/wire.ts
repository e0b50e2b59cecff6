import { Agent, request } from 'node:http';

export interface Sent {
  body: string;
  headers: Record<string, string>;
  method?: string;
}

/** What sends to one address and notes how long answers took. */
export abstract class Sender {
  /** Ms, of each request. */
  readonly times: number[] = [];
  /** Answers other than 200. */
  readonly refused: number[] = [];

  /** All of them, as many at a time as there are connections. */
  abstract send(all: readonly Sent[]): Promise<void>;
  abstract close(): void;

  /** Ms; that of the share of requests that were answered at least as fast. */
  at(share: number): number {
    const sorted = [...this.times].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  }
}

/** A few kept-alive connections of this process, each asking one thing at a time. */
export class Wire extends Sender {
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    private readonly connections: number,
  ) {
    super();
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  async send(all: readonly Sent[]): Promise<void> {
    const queue = all.values();
    await Promise.all(
      Array.from({ length: this.connections }, async () => {
        for (const one of queue) await this.ask(one);
      }),
    );
  }

  async ask({ body, headers, method = 'POST' }: Sent): Promise<number> {
    const began = performance.now();
    const status = await new Promise<number>((resolve, reject) => {
      const length = { 'content-length': Buffer.byteLength(body) };
      const asked = request(this.url, { method, agent: this.agent, headers: { ...headers, ...length } });
      asked.on('error', reject).on('response', (response) => {
        response.on('error', reject).on('end', () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      asked.end(body);
    });
    this.times.push(performance.now() - began);
    if (status !== 200) this.refused.push(status);
    return status;
  }

  close(): void {
    this.agent.destroy();
  }
}
