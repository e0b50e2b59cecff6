import { parse } from 'node:querystring';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '../errors/domain-error.js';

/** No OAuth request and no page has more fields. */
const MAX_FIELDS = 30;
const MAX_BYTES = 16_384;

/** Takes forms on the routes whose @Endpoint says `form`; on any other they are refused with 415. */
export function parseForms(server: FastifyInstance): void {
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_BYTES },
    (request, body, done) => {
      if (!request.routeOptions.config.endpoint?.form)
        return done(
          new DomainError(
            'unsupported_media_type',
            'UNSUPPORTED_MEDIA_TYPE',
            'This route takes application/json.',
          ),
        );
      // A field that is sent twice is a list here, which no schema of ours takes (RFC 6749, 3.2).
      done(null, { ...parse(body as string, '&', '=', { maxKeys: MAX_FIELDS }) });
    },
  );
}
