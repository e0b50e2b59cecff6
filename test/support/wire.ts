import { Agent, request } from 'node:http';

export interface Sent {
  body: string;
  headers: Record<string, string>;
  method?: string;
}

/** A few kept-alive connections to one address, each asking one thing at a time; notes how long answers took. */
export class Wire {
  /** Ms, of each request. */
  readonly times: number[] = [];
  readonly refused: number[] = [];
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    private readonly connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** All of them, as many at a time as there are connections. */
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

  /** Ms; that of the share of requests that were answered at least as fast. */
  at(share: number): number {
    const sorted = [...this.times].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  }

  close(): void {
    this.agent.destroy();
  }
}
