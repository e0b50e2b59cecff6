import { connect, type Socket } from 'node:net';

export interface LineAnswer {
  status: number;
  body: string;
}

/** One kept-alive connection that asks one thing at a time, with next to no cost of its own. */
export class Line {
  private buffer = '';
  private answered: ((answer: LineAnswer) => void) | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly head: string,
  ) {
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('data', (chunk: string) => this.read(chunk));
  }

  static open(url: string, headers: Record<string, string>): Promise<Line> {
    const { hostname, port, host } = new URL(url);
    const all = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        resolve(new Line(socket, ` HTTP/1.1\r\n${all.join('')}`)),
      );
      socket.once('error', reject);
    });
  }

  ask(method: string, path: string, body = ''): Promise<LineAnswer> {
    const kind = body ? 'content-type: application/json\r\n' : '';
    return new Promise((resolve) => {
      this.answered = resolve;
      this.socket.write(`${method} ${path}${this.head}${kind}content-length: ${body.length}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: string): void {
    this.buffer += chunk;
    const end = this.buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.buffer.slice(0, end);
    const body = this.buffer.slice(end + 4);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const isWhole = /transfer-encoding: chunked/i.test(head)
      ? body.endsWith('0\r\n\r\n')
      : body.length >= length;
    if (!isWhole) return;
    this.buffer = '';
    this.answered?.({ status: Number(head.slice(9, 12)), body });
  }
}
