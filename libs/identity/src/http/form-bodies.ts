import { parse } from 'node:querystring';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '#platform';

/** No OAuth request has more fields. */
const MAX_FIELDS = 30;

/** OAuth's own endpoints take forms (RFC 6749, Appendix B); no other route does. */
@Injectable()
export class FormBodies implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    // A command has controllers and no server.
    const server = this.host.httpAdapter?.getInstance<FastifyInstance>();
    server?.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 16_384 },
      (request, body, done) => {
        if (!request.routeOptions.url?.startsWith('/oauth/'))
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
}
