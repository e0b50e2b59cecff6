import type { FastifyInstance, FastifyReply } from 'fastify';
import type { IdempotencyKeys } from './idempotency-keys.js';

const KEPT_HEADERS = ['content-type', 'location'];

/**
 * Leaves each answer of a call that holds an Idempotency-Key there, in the very bytes that are about to be sent,
 * and before they are: who has seen an answer gets it again.
 */
export function keepAnswers(server: FastifyInstance, keys: IdempotencyKeys): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    const claim = request.idempotencyClaim;
    if (!claim) {
      done(null, payload);
      return;
    }
    request.idempotencyClaim = undefined;
    void keys
      .answer(claim, reply.statusCode, headersOf(reply), textOf(payload))
      .then(() => done(null, payload));
  });
}

function headersOf(reply: FastifyReply): Record<string, string> {
  const present = KEPT_HEADERS.map((name) => [name, reply.getHeader(name)] as const);
  return Object.fromEntries(
    present.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/** Null for streams and binary answers, which are not kept. */
function textOf(payload: unknown): string | null {
  if (payload === undefined || payload === null) return '';
  return typeof payload === 'string' ? payload : null;
}
