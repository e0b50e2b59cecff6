import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, unauthenticated, wire } from '#platform';
import { OptionalUpstreamToken, orInCookies, SessionCookies } from '#identity';
import { PasswordRegisterInput, Register, RegisterInput } from '../use-cases/register.js';
import { REGISTERED_EXAMPLE, RegisteredView, registeredView } from './register.view.js';

const RegisterBody = z.union([PasswordRegisterInput, RegisterInput]);

@Controller('/api/v1/auth')
export class RegisterController {
  constructor(
    private readonly register: Register,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('/register')
  @Endpoint({
    summary:
      'Sign up with the ID token of a Google, GitHub or Microsoft account as the bearer, or by email and password',
    access: 'public',
    status: 201,
    output: orInCookies(RegisteredView),
    bodyExample: { organization_name: 'Acme Tools' },
    example: REGISTERED_EXAMPLE,
    answers: {
      200: {
        description: 'The account was there already; signed in, without the key',
        output: orInCookies(RegisteredView),
      },
    },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED', 'MFA_REQUIRED', 'MFA_ENROLLMENT_REQUIRED'],
      forbidden: [
        'TENANT_SUSPENDED',
        'ACCOUNT_SUSPENDED',
        'EMAIL_REQUIRED',
        'SIGN_UP_CLOSED',
        'REAUTHENTICATION_REQUIRED',
      ],
      conflict: ['ACCOUNT_LINK_REQUIRED'],
      invalid: ['PASSWORD_TOO_WEAK'],
      unavailable: ['UPSTREAM_UNAVAILABLE', 'BUSY'],
    },
  })
  async create(
    @CurrentActor() actor: Actor,
    @OptionalUpstreamToken() idToken: string | null,
    @Body({ schema: wire(RegisterBody) }) input: z.output<typeof RegisterBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const made =
      'email' in input
        ? await this.register.withPassword(actor, input)
        : await this.register.execute(actor, upstream(idToken), input);
    if (made.licenseKey === null) reply.status(200);
    return this.cookies.deliver(request, reply, registeredView(made));
  }
}

function upstream(idToken: string | null): string {
  if (idToken === null) throw unauthenticated('no upstream bearer');
  return idToken;
}
