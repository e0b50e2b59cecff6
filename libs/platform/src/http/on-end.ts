import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** nginx's word for it: the client went before it had its answer. It is never sent, only counted and logged. */
const CLIENT_GONE = 499;

/**
 * Tells once of every request that it is over: answered, or left by its client. Fastify's onResponse stays silent
 * about the second. `status` is what was answered, or {@link CLIENT_GONE}.
 */
export function onEnd(
  server: FastifyInstance,
  told: (request: FastifyRequest, reply: FastifyReply, status: number) => void,
): void {
  const over = new WeakSet<FastifyRequest>();
  const end = (request: FastifyRequest, reply: FastifyReply, status: number) => {
    if (over.has(request)) return;
    over.add(request);
    told(request, reply, status);
  };
  server.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) end(request, reply, CLIENT_GONE);
    });
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    end(request, reply, reply.statusCode);
    done();
  });
}
