import { randomBytes } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DomainError } from '../errors/domain-error.js';
import type { Log } from '../telemetry/logger.js';
import type { ErrorEnvelope } from './errors.js';

/** What Node's parser refuses, by its code; these have no kind of their own, because no route can meet them. */
const STATUS_OF_CODE: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

const REFUSAL = new DomainError(
  'malformed',
  'MALFORMED_REQUEST',
  'This is not well-formed HTTP, or not all of it came.',
);

/** Answers in our envelope what is not even a request: it reaches no router and no hook. */
export function clientErrorHandler(envelope: () => ErrorEnvelope, log: Log) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const status = STATUS_OF_CODE[error.code ?? ''] ?? 400;
    const traceId = randomBytes(16).toString('hex');
    log.info(
      { trace_id: traceId, status, cause: error.code, address: socket.remoteAddress },
      'Not a request.',
    );
    if (!socket.writable || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const body = envelope().envelope(REFUSAL, traceId);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'connection: close',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-trace-id: ${traceId}`,
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
}

/** Half an answer may be on its way; more bytes would be read as a part of it. Node's own handler asks the same. */
function isAnswering(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse | null };
  return answer?.headersSent ?? false;
}
