import { Body, Controller, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, unauthenticated, wire } from '#platform';
import { OptionalUpstreamToken } from '#identity';
import { PasswordRegisterInput, Register, RegisterInput } from '../use-cases/register.js';
import { REGISTERED_EXAMPLE, RegisteredView, registeredView } from './register.view.js';

const RegisterBody = z.union([PasswordRegisterInput, RegisterInput]);

@Controller('/api/v1/auth')
export class RegisterController {
  constructor(private readonly register: Register) {}

  @Post('/register')
  @Endpoint({
    summary:
      'Sign up with the ID token of a Google, GitHub or Microsoft account as the bearer, or by email and password',
    access: 'public',
    status: 201,
    output: RegisteredView,
    bodyExample: { organization_name: 'Acme Tools' },
    example: REGISTERED_EXAMPLE,
    answers: {
      200: {
        description: 'The account was there already; signed in, without the key',
        output: RegisteredView,
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
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.input<typeof RegisteredView>> {
    if ('email' in input) return registeredView(await this.register.withPassword(actor, input));
    if (idToken === null) throw unauthenticated('no upstream bearer');
    const made = await this.register.execute(actor, idToken, input);
    if (made.licenseKey === null) reply.status(200);
    return registeredView(made);
  }
}
