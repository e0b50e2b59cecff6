import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** nginx's word for it: the client went before it had its answer. It is never sent, only counted and logged. */
const CLIENT_GONE = 499;

type Told = (request: FastifyRequest, reply: FastifyReply, status: number) => void;

const listeners = new WeakMap<FastifyInstance, Told[]>();

/**
 * Tells once of every request that it is over: answered, or left by its client. Fastify's onResponse stays silent
 * about the second. `status` is what was answered, or {@link CLIENT_GONE}.
 */
export function onEnd(server: FastifyInstance, told: Told): void {
  const known = listeners.get(server);
  if (known) known.push(told);
  else listeners.set(server, watch(server, [told]));
}

/** One watch for all who want to know: each request pays for it. */
function watch(server: FastifyInstance, all: Told[]): Told[] {
  const over = new WeakSet<FastifyRequest>();
  const end = (request: FastifyRequest, reply: FastifyReply, status: number) => {
    if (over.has(request)) return;
    over.add(request);
    for (const told of all) told(request, reply, status);
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
  return all;
}
