import type { FastifyInstance } from 'fastify';

/** On the routes whose @Endpoint says `raw` every body is taken as it comes, up to the limit of the route's own. */
export function takeBytes(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const { limitBytes } = route.config?.endpoint?.raw ?? {};
    if (limitBytes !== undefined) route.bodyLimit = limitBytes;
  });
  server.addHook('onRequest', (request, _reply, done) => {
    // Fastify refuses a type that nobody parses before anybody could look at the bytes.
    if (request.routeOptions.config.endpoint?.raw) request.raw.headers['content-type'] = 'application/json';
    done();
  });
}
