import { connect } from 'node:net';

/** A request as bytes on the wire: nothing is checked, completed or escaped on the way. */
export interface RawRequest {
  method: string;
  /** Path and query as they are sent. */
  target: string;
  /** Sent as Latin-1, so that any byte can be told. */
  headers: readonly (readonly [string, string])[];
  body?: Buffer;
  /** Other than the body's own length. */
  announcedLength?: number;
}

export interface RawAnswer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  text: string;
}

/** Longer than any answer takes; who waits so long has found a fault. */
const PATIENCE_MS = 20_000;

/** Sends one request over a connection of its own. Rejects when no whole answer comes. */
export function send(origin: URL, request: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(origin.port), origin.hostname);
    const chunks: Buffer[] = [];
    const named = (name: string) => request.headers.some(([one]) => one.toLowerCase() === name);
    const lines = [`${request.method} ${request.target} HTTP/1.1`, 'connection: close'];
    if (!named('host')) lines.push(`host: ${origin.host}`);
    const length = request.announcedLength ?? request.body?.length;
    if (length !== undefined) lines.push(`content-length: ${length}`);
    for (const [name, value] of request.headers) lines.push(`${name}: ${value}`);

    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('connect', () => {
      socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
      if (request.body) socket.write(request.body);
    });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const begun = beginningOf(chunks);
      if (!begun) return;
      resolve(begun);
      socket.destroy();
    });
    // A server that refuses a body unread resets the connection; its answer may have come before.
    let fault: Error | undefined;
    socket.on('error', (error) => (fault = error));
    socket.on('close', () => {
      const answer = parse(Buffer.concat(chunks), request.method !== 'HEAD');
      if (answer) resolve(answer);
      else
        reject(
          new Error(
            `No whole answer came to ${request.method} ${request.target.slice(0, 200)}${fault ? ` (${fault.message})` : ''}.`,
          ),
        );
    });
  });
}

/** Of a stream of events, which has no end: what it begins with. */
function beginningOf(chunks: readonly Buffer[]): RawAnswer | undefined {
  const head = chunks[0]!.toString('latin1');
  if (!/^content-type: text\/event-stream/im.test(head)) return undefined;
  const bytes = Buffer.concat(chunks);
  const end = bytes.indexOf('\r\n\r\n') + 4;
  const answer = bytes.length > end && parse(bytes.subarray(0, end), false);
  return answer ? { ...answer, text: bytes.subarray(end).toString('utf8') } : undefined;
}

function parse(bytes: Buffer, hasBody: boolean): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const rest = bytes.subarray(end + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? unchunked(rest) : rest;
  if (!hasBody) return { status: Number(first.split(' ')[1]), headers, text: '' };
  if (!body || body.length < Number(headers['content-length'] ?? 0)) return undefined;
  return { status: Number(first.split(' ')[1]), headers, text: body.toString('utf8') };
}

function unchunked(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (line < 0 || Number.isNaN(size)) return undefined;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
