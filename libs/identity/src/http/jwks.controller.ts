import { Controller, Get, Headers, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Endpoint } from '#platform';
import { jwksNotModified, jwksRequests } from '../keys/jwks.metrics.js';
import { Jwks } from '../keys/jwks.js';

const JwksView = z.object({ keys: z.array(z.record(z.string(), z.string())) });

@Controller('/.well-known')
export class JwksController {
  constructor(private readonly jwks: Jwks) {}

  @Get('/jwks.json')
  @Endpoint({
    summary: 'The public keys that access tokens are signed with; 304 for whoever has them',
    access: 'public',
    budget: 'open',
    output: JwksView,
    example: { keys: [{ kty: 'RSA', n: '0vx7', e: 'AQAB', kid: 'yq9x', use: 'sig', alg: 'RS256' }] },
  })
  async keys(
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Headers('if-modified-since') ifModifiedSince: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    jwksRequests.inc();
    const document = this.jwks.current;
    void reply.headers({
      'cache-control': document.cacheControl,
      etag: document.etag,
      'last-modified': document.lastModified,
    });
    if (document.isHad(ifNoneMatch, ifModifiedSince)) {
      jwksNotModified.inc();
      await reply.status(304).send();
      return;
    }
    await reply.header('content-type', 'application/json; charset=utf-8').send(document.body);
  }
}
