import { Body, Controller, Patch, Post } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { STEP_UP_OR_SHOW } from '../domain/step-up.js';
import { AskVerification } from '../use-cases/ask-verification.js';
import { ChangeEmail, ChangeEmailInput } from '../use-cases/change-email.js';
import { ChangeProfile, ChangeProfileInput } from '../use-cases/change-profile.js';
import { VerifyEmail, VerifyEmailInput } from '../use-cases/verify-email.js';
import { MeView, meView } from './auth.view.js';
import { ME_EXAMPLE } from './examples.js';

const SentView = z.object({ status: z.enum(['sent', 'already_verified']) });
const VerifiedView = z.object({ status: z.enum(['verified', 'changed', 'waiting']), email: z.string() });

/** The caller's own account: its address, and what it says of them. Its end spans contexts: see onboarding. */
@Controller('/api/v1/auth')
export class AccountsController {
  constructor(
    private readonly askVerification: AskVerification,
    private readonly verifyEmail: VerifyEmail,
    private readonly changeEmail: ChangeEmail,
    private readonly changeProfile: ChangeProfile,
  ) {}

  @Post('/email/send')
  @Endpoint({
    summary: 'Send the mail that verifies the caller’s address once more',
    access: 'bearer',
    output: SentView,
    example: { status: 'sent' },
    refusals: { too_many: ['RATE_LIMITED'] },
  })
  send(@CurrentActor() actor: Actor): Promise<z.input<typeof SentView>> {
    return this.askVerification.execute(actor);
  }

  @Post('/email/verify')
  @Endpoint({
    summary: 'Verify an address, or confirm one end of its change, with the token of a mail',
    access: 'public',
    output: VerifiedView,
    example: { status: 'verified', email: 'ada@example.com' },
    refusals: { invalid: ['TOKEN_INVALID'] },
  })
  verify(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(VerifyEmailInput) }) input: z.output<typeof VerifyEmailInput>,
  ): Promise<z.input<typeof VerifiedView>> {
    return this.verifyEmail.execute(actor, input);
  }

  @Post('/email/change')
  @Endpoint({
    summary: 'Begin a change of address; both mailboxes get a mail and confirm with /auth/email/verify',
    access: 'bearer',
    stepUp: STEP_UP_OR_SHOW,
    output: SentView,
    example: { status: 'sent' },
    refusals: {
      conflict: ['EMAIL_UNCHANGED'],
      too_many: ['RATE_LIMITED', 'SIGN_IN_LOCKED'],
      unavailable: ['BUSY'],
    },
  })
  change(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ChangeEmailInput) }) input: z.output<typeof ChangeEmailInput>,
  ): Promise<z.input<typeof SentView>> {
    return this.changeEmail.execute(actor, input);
  }

  @Patch('/me')
  @Endpoint({
    summary: 'Change what the caller says of themselves; null takes it back',
    access: 'bearer',
    output: MeView,
    bodyExample: { time_zone: 'Europe/Vienna' },
    example: ME_EXAMPLE,
  })
  async update(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ChangeProfileInput) }) input: z.output<typeof ChangeProfileInput>,
  ): Promise<z.input<typeof MeView>> {
    return meView(await this.changeProfile.execute(actor, input), actor.scopes);
  }
}
