import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { Reauthenticate, ReauthenticateInput } from '../use-cases/reauthenticate.js';
import { TokensView } from './auth.view.js';
import { TOKENS_EXAMPLE } from './examples.js';
import { SessionCookies } from './session-cookies.js';

const AccessView = z.union([
  TokensView.omit({ refreshToken: true }),
  TokensView.omit({ refreshToken: true, accessToken: true }),
]);
const { refresh_token: _, ...ACCESS_EXAMPLE } = TOKENS_EXAMPLE;

/** What is dangerous asks for a token whose owner showed who they are a short time ago: this is where they do. */
@Controller('/api/v1/auth')
export class ReauthenticationController {
  constructor(
    private readonly reauthenticate: Reauthenticate,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('/reauthenticate')
  @Endpoint({
    summary:
      'Show once more who is calling, by password, by a code of the authenticator, or by a fresh upstream ID token; gives an access token with a new auth_time',
    access: 'bearer',
    output: AccessView,
    bodyExample: { password: 'velvet otter marches nine' },
    example: ACCESS_EXAMPLE,
    refusals: {
      forbidden: ['REAUTHENTICATION_REQUIRED', 'CODE_INVALID', 'EMAIL_REQUIRED', 'TENANT_SUSPENDED'],
      too_many: ['SIGN_IN_LOCKED'],
      unavailable: ['BUSY', 'UPSTREAM_UNAVAILABLE'],
    },
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ReauthenticateInput) }) input: z.output<typeof ReauthenticateInput>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.input<typeof AccessView>> {
    return this.cookies.deliver(request, reply, await this.reauthenticate.execute(actor, input));
  }
}
