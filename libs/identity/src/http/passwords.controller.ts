import { Body, Controller, Post } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, type EndpointOptions, wire } from '#platform';
import { STEP_UP_OR_SHOW } from '../domain/step-up.js';
import { ChangePassword, ChangePasswordInput } from '../use-cases/change-password.js';
import { ForgotPassword, ForgotPasswordInput } from '../use-cases/forgot-password.js';
import { ResetPassword, ResetPasswordInput } from '../use-cases/reset-password.js';

const AcceptedView = z.object({ status: z.literal('accepted') });
const ChangedView = z.object({
  status: z.literal('changed'),
  /** How many sessions ended. */
  revoked: z.int(),
});

const RESET: EndpointOptions = {
  summary: 'Set a new password with the token of a mail; every session ends',
  access: 'public',
  output: ChangedView,
  example: { status: 'changed', revoked: 2 },
  refusals: { invalid: ['TOKEN_INVALID', 'PASSWORD_TOO_WEAK'], unavailable: ['BUSY'] },
};

/** Passwords that were forgotten, and those that are changed. */
@Controller('/api/v1/auth/password')
export class PasswordsController {
  constructor(
    private readonly forgotPassword: ForgotPassword,
    private readonly resetPassword: ResetPassword,
    private readonly changePassword: ChangePassword,
  ) {}

  @Post('/forgot')
  @Endpoint({
    summary:
      'Send a mail that sets a new password, if there is such an account; the answer is always the same',
    access: 'public',
    output: AcceptedView,
    example: { status: 'accepted' },
    refusals: { too_many: ['RATE_LIMITED'] },
  })
  forgot(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ForgotPasswordInput) }) input: z.output<typeof ForgotPasswordInput>,
  ): Promise<z.input<typeof AcceptedView>> {
    return this.forgotPassword.execute(actor, input);
  }

  @Post('/confirm')
  @Endpoint(RESET)
  confirm(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ResetPasswordInput) }) input: z.output<typeof ResetPasswordInput>,
  ): Promise<z.input<typeof ChangedView>> {
    return this.resetPassword.execute(actor, input);
  }

  /** The same under the name that the sources know it by. */
  @Post('/reset')
  @Endpoint(RESET)
  reset(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ResetPasswordInput) }) input: z.output<typeof ResetPasswordInput>,
  ): Promise<z.input<typeof ChangedView>> {
    return this.resetPassword.execute(actor, input);
  }

  @Post('/change')
  @Endpoint({
    summary: 'Change the caller’s password, with the present one; every other session ends',
    access: 'bearer',
    stepUp: STEP_UP_OR_SHOW,
    output: ChangedView,
    example: { status: 'changed', revoked: 1 },
    refusals: {
      invalid: ['PASSWORD_TOO_WEAK'],
      too_many: ['SIGN_IN_LOCKED'],
      unavailable: ['BUSY'],
    },
  })
  change(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ChangePasswordInput) }) input: z.output<typeof ChangePasswordInput>,
  ): Promise<z.input<typeof ChangedView>> {
    return this.changePassword.execute(actor, input);
  }
}
