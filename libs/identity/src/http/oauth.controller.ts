import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint } from '#platform';
import { RevokeToken } from '../use-cases/revoke-token.js';

/** RFC 6749, Appendix A: what tokens are made of. */
const VSCHARS = /^[\x20-\x7e]+$/;

/** RFC 7009, 2.1. What else a client sends with it (client_id, client_secret) is not ours to judge yet. */
const RevokeBody = z.looseObject({
  token: z.string().max(8_192).regex(VSCHARS).meta({ example: 'rft_AZr6...' }),
  token_type_hint: z.string().max(100).regex(VSCHARS).optional().meta({ example: 'refresh_token' }),
});

/** RFC 6749, 5.2. */
const OauthError = z.object({ error: z.string(), error_description: z.string() });

@Controller('/oauth')
export class OauthController {
  constructor(private readonly revokeToken: RevokeToken) {}

  @Post('/revoke')
  @Endpoint({
    summary:
      'End the session of a refresh or access token, or an API key (RFC 7009); also for a token nobody knows',
    access: 'public',
    body: RevokeBody,
    bodyExample: { token: 'rft_AZr6', token_type_hint: 'refresh_token' },
    output: z.object({}),
    example: {},
    answers: {
      400: {
        description: 'There is no token in it, or it is the access token of a service account.',
        output: OauthError,
        example: { error: 'invalid_request', error_description: 'token is missing.' },
      },
    },
  })
  async revoke(
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const input = RevokeBody.safeParse(request.body);
    if (!input.success) {
      void reply.status(400);
      return { error: 'invalid_request', error_description: 'token is missing, or is not one string.' };
    }
    if ((await this.revokeToken.execute(actor, input.data.token)) === 'revoked') return {};
    void reply.status(400);
    return {
      error: 'unsupported_token_type',
      error_description: 'It ends within the hour, or with the API key or public key that it was given for.',
    };
  }
}
