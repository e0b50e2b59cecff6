import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint } from '#platform';
import { OauthErrorView } from '../oauth/oauth-refusal.js';
import { vschars } from '../oauth/token-request.js';
import { RevokeToken } from '../use-cases/revoke-token.js';

/** RFC 7009, 2.1. What else a client sends with it (client_id, client_secret) is not ours to judge yet. */
const RevokeBody = z.looseObject({
  token: vschars(8_192).meta({ example: 'rft_AZr6...' }),
  token_type_hint: vschars(100).optional().meta({ example: 'refresh_token' }),
});

@Controller('/oauth')
export class OauthController {
  constructor(private readonly revokeToken: RevokeToken) {}

  @Post('/revoke')
  @Endpoint({
    summary:
      'End the session of a refresh or access token, or an API key (RFC 7009); also for a token nobody knows',
    access: 'public',
    form: true,
    body: RevokeBody,
    bodyExample: { token: 'rft_AZr6', token_type_hint: 'refresh_token' },
    output: z.object({}),
    example: {},
    answers: {
      400: {
        description: 'There is no token in it, or it is the access token of a service account.',
        output: OauthErrorView,
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
