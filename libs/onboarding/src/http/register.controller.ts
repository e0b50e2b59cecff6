import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, unauthenticated, wire } from '#platform';
import { OptionalUpstreamToken, orInCookies, SessionCookies } from '#identity';
import { ComeBack, FoundInput, RejoinInput } from '../use-cases/come-back.js';
import { InvitedInput, PasswordInvitedInput, RegisterInvited } from '../use-cases/register-invited.js';
import { PasswordRegisterInput, Register, type Registered, RegisterInput } from '../use-cases/register.js';
import { REGISTERED_EXAMPLE, RegisteredView, registeredView } from './register.view.js';

const RegisterBody = z.union([
  PasswordRegisterInput,
  PasswordInvitedInput,
  FoundInput,
  RejoinInput,
  RegisterInput,
  InvitedInput,
]);

@Controller('/api/v1/auth')
export class RegisterController {
  constructor(
    private readonly register: Register,
    private readonly registerInvited: RegisterInvited,
    private readonly comeBack: ComeBack,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('/register')
  @Endpoint({
    summary:
      'Sign up with the ID token of a Google, GitHub or Microsoft account as the bearer, or by email and password; with the token of an invitation in place of an organisation. Whom a sign-in answered 403 NO_ORGANIZATION sends its mfa_token instead',
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
        'INVITATION_FOR_OTHER_ADDRESS',
        'NO_ORGANIZATION',
        'EMAIL_NOT_VERIFIED',
        'DOMAIN_NOT_ALLOWED',
      ],
      conflict: ['ACCOUNT_LINK_REQUIRED', 'ACCOUNT_EXISTS', 'SEAT_LIMIT_REACHED', 'MEMBER_LIMIT_REACHED'],
      gone: ['INVITATION_GONE'],
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
    const made = await this.made(actor, idToken, input);
    // Whoever was invited gets no key, and is made all the same.
    if (made.licenseKey === null && !('invitationToken' in input)) reply.status(200);
    return this.cookies.deliver(request, reply, registeredView(made));
  }

  private made(
    actor: Actor,
    idToken: string | null,
    input: z.output<typeof RegisterBody>,
  ): Promise<Registered> {
    if ('mfaToken' in input) {
      return 'invitationToken' in input
        ? this.comeBack.rejoin(actor, input)
        : this.comeBack.found(actor, input);
    }
    if ('invitationToken' in input) {
      return 'email' in input
        ? this.registerInvited.withPassword(actor, input)
        : this.registerInvited.execute(actor, upstream(idToken), input);
    }
    return 'email' in input
      ? this.register.withPassword(actor, input)
      : this.register.execute(actor, upstream(idToken), input);
  }
}

function upstream(idToken: string | null): string {
  if (idToken === null) throw unauthenticated('no upstream bearer');
  return idToken;
}
