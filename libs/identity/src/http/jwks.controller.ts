import { Controller, Get, Header } from '@nestjs/common';
import { z } from 'zod';
import { Endpoint } from '#platform';
import { AccessTokens } from '../tokens/access-tokens.js';

const JwksView = z.object({ keys: z.array(z.record(z.string(), z.string())) });

@Controller('/.well-known')
export class JwksController {
  constructor(private readonly tokens: AccessTokens) {}

  @Get('/jwks.json')
  @Header('cache-control', 'public, max-age=300')
  @Endpoint({
    summary: 'The public keys that access tokens are signed with',
    access: 'public',
    budget: 'open',
    output: JwksView,
    example: { keys: [{ kty: 'RSA', n: '0vx7', e: 'AQAB', kid: 'yq9x', use: 'sig', alg: 'RS256' }] },
  })
  keys(): z.input<typeof JwksView> {
    return this.tokens.jwks() as z.input<typeof JwksView>;
  }
}
