import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A statement with values, as a program sent it: text as text, the rest as bytes. */
export interface TappedStatement {
  text: string;
  values: (string | Buffer | null)[];
}

export interface StatementTap {
  /** The database's URL, by way of the tap. */
  url: string;
  /** What has gone by so far. */
  statements: readonly TappedStatement[];
  close(): Promise<void>;
}

/**
 * Stands between a program and Postgres and writes down every statement that goes by with its values, from whichever
 * library: it reads the protocol (PostgreSQL, chapter 54: Parse and Bind), and changes nothing.
 */
export async function tapStatements(url: string): Promise<StatementTap> {
  const target = new URL(url);
  const { port, hostname } = target;
  const statements: TappedStatement[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const read = reader(statements);
    client.on('data', read);
    client.pipe(upstream);
    upstream.pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target.hostname = '127.0.0.1';
  target.port = String((server.address() as AddressInfo).port);
  return {
    url: target.href,
    statements,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Takes what a client sends, in whatever pieces, and keeps its statements. */
function reader(into: TappedStatement[]): (bytes: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let isFirst = true;
  const texts = new Map<string, string>();
  return (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      // The first message has no type; those after it begin with one.
      const head = isFirst ? 0 : 1;
      if (pending.length < head + 4) return;
      const end = head + pending.readInt32BE(head);
      if (pending.length < end) return;
      const body = pending.subarray(head + 4, end);
      const type = isFirst ? '' : String.fromCharCode(pending[0]!);
      if (type === 'P') parse(body, texts);
      if (type === 'B') into.push(bind(body, texts));
      pending = pending.subarray(end);
      isFirst = false;
    }
  };
}

const cString = (bytes: Buffer, from: number) => bytes.toString('utf8', from, bytes.indexOf(0, from));

function parse(body: Buffer, texts: Map<string, string>): void {
  const name = cString(body, 0);
  texts.set(name, cString(body, Buffer.byteLength(name) + 1));
}

function bind(body: Buffer, texts: ReadonlyMap<string, string>): TappedStatement {
  let at = Buffer.byteLength(cString(body, 0)) + 1;
  const name = cString(body, at);
  at += Buffer.byteLength(name) + 1;
  const formats = Array.from({ length: body.readInt16BE(at) }, (_, n) => body.readInt16BE(at + 2 + n * 2));
  at += 2 + formats.length * 2;
  const count = body.readInt16BE(at);
  at += 2;
  const values: TappedStatement['values'] = [];
  for (let n = 0; n < count; n++) {
    const length = body.readInt32BE(at);
    at += 4;
    const value = length < 0 ? null : body.subarray(at, at + length);
    at += Math.max(0, length);
    const isText = (formats.length === 1 ? formats[0] : (formats[n] ?? 0)) === 0;
    values.push(value && (isText ? value.toString('utf8') : Buffer.from(value)));
  }
  return { text: texts.get(name) ?? '', values };
}
