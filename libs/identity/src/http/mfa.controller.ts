import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, type Refusals, unauthenticated, wire } from '#platform';
import { STEP_UP_OR_SHOW } from '../domain/step-up.js';
import { AnswerChallenge, ChallengeInput } from '../use-cases/answer-challenge.js';
import {
  ConfirmTotpInput,
  EnrollTotpInput,
  ManageTotp,
  ReauthenticatedInput,
} from '../use-cases/manage-totp.js';
import { SignedInView, signedInView } from './auth.view.js';
import { TENANT_EXAMPLE, TOKENS_EXAMPLE, USER_EXAMPLE } from './examples.js';
import { orInCookies, SessionCookies } from './session-cookies.js';

const EnrolledView = z.object({
  secret: z.string(),
  otpauthUri: z.string(),
  /** A PNG as a data: URI. */
  qrCode: z.string(),
});
const BackupCodesView = z.object({
  /** Shown this once. */
  backupCodes: z.array(z.string()),
});
const ConfirmedView = BackupCodesView.extend({
  /** What a sign-in gives, where this was its second step; null for who was signed in already. */
  signedIn: SignedInView.partial({ accessToken: true, refreshToken: true }).nullable(),
});
const DisabledView = z.object({ status: z.literal('disabled') });

const CODES_EXAMPLE = { backup_codes: ['k7mwe-3xq2f', 'p9rtd-5vzhn'] };
const REAUTHENTICATED: Refusals = {
  forbidden: ['CODE_INVALID'],
  too_many: ['SIGN_IN_LOCKED'],
  unavailable: ['BUSY'],
};

/** Of routes that take two ways in: the one of who is signed in. */
function signedIn(actor: Actor): Actor {
  if (actor.type !== 'user') throw unauthenticated('no bearer');
  return actor;
}

/** The second factor (S1-13). */
@Controller('/api/v1/auth/mfa')
export class MfaController {
  constructor(
    private readonly totp: ManageTotp,
    private readonly answerChallenge: AnswerChallenge,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('/totp/enroll')
  @Endpoint({
    summary:
      'Begin to use an authenticator: its secret, as a URI and as a QR code; also by the token of MFA_ENROLLMENT_REQUIRED instead of a bearer',
    access: 'optional_bearer',
    stepUp: STEP_UP_OR_SHOW,
    bodyExample: { password: 'velvet otter marches nine' },
    output: EnrolledView,
    example: {
      secret: 'GEZDGNBVGY3TQOJQ',
      otpauth_uri: 'otpauth://totp/gatehouse.example:ada%40example.com?secret=GEZDGNBVGY3TQOJQ',
      qr_code: 'data:image/png;base64,iVBORw0KGgo=',
    },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED'],
      conflict: ['MFA_ALREADY_ENABLED'],
      too_many: ['SIGN_IN_LOCKED'],
      unavailable: ['BUSY'],
    },
  })
  enroll(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(EnrollTotpInput) }) input: z.output<typeof EnrollTotpInput>,
  ): Promise<z.input<typeof EnrolledView>> {
    if ('mfaToken' in input) return this.answerChallenge.enroll(actor, input.mfaToken);
    return this.totp.enroll(signedIn(actor), input);
  }

  @Post('/totp/confirm')
  @Endpoint({
    summary:
      'Finish it with a code; gives ten backup codes, once, and with the token of MFA_ENROLLMENT_REQUIRED what a sign-in gives',
    access: 'optional_bearer',
    output: ConfirmedView,
    example: { ...CODES_EXAMPLE, signed_in: null },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED'],
      forbidden: ['CODE_INVALID', 'TENANT_SUSPENDED', 'ACCOUNT_SUSPENDED'],
      too_many: ['SIGN_IN_LOCKED'],
    },
  })
  async confirm(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ConfirmTotpInput) }) input: z.output<typeof ConfirmTotpInput>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { mfaToken, code } = input;
    if (mfaToken === undefined)
      return { ...(await this.totp.confirm(signedIn(actor), { code })), signedIn: null };
    const done = await this.answerChallenge.confirm(actor, { mfaToken, code });
    return {
      backupCodes: done.backupCodes,
      signedIn: this.cookies.deliver(request, reply, signedInView(done.signedIn)),
    };
  }

  @Post('/totp/challenge')
  @Endpoint({
    summary: 'The second step of a sign-in: the token of MFA_REQUIRED and a code, or a backup code',
    access: 'public',
    output: orInCookies(SignedInView),
    example: { ...TOKENS_EXAMPLE, user: USER_EXAMPLE, tenant: TENANT_EXAMPLE },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED'],
      forbidden: ['CODE_INVALID', 'NO_ORGANIZATION', 'TENANT_SUSPENDED', 'ACCOUNT_SUSPENDED'],
      too_many: ['SIGN_IN_LOCKED'],
    },
  })
  async challenge(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ChallengeInput) }) input: z.output<typeof ChallengeInput>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.cookies.deliver(
      request,
      reply,
      signedInView(await this.answerChallenge.execute(actor, input)),
    );
  }

  @Post('/totp/disable')
  @Endpoint({
    summary: 'Stop using the authenticator; who has not shown it just now gives the password and a code',
    access: 'bearer',
    stepUp: STEP_UP_OR_SHOW,
    output: DisabledView,
    example: { status: 'disabled' },
    refusals: { ...REAUTHENTICATED, conflict: ['MFA_REQUIRED_BY_TENANT'] },
  })
  disable(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ReauthenticatedInput) }) input: z.output<typeof ReauthenticatedInput>,
  ): Promise<z.input<typeof DisabledView>> {
    return this.totp.disable(actor, input);
  }

  @Post('/backup-codes')
  @Endpoint({
    summary: 'Ten new backup codes; asked for like disabling; those before are gone',
    access: 'bearer',
    stepUp: STEP_UP_OR_SHOW,
    output: BackupCodesView,
    example: CODES_EXAMPLE,
    refusals: REAUTHENTICATED,
  })
  regenerate(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ReauthenticatedInput) }) input: z.output<typeof ReauthenticatedInput>,
  ): Promise<z.input<typeof BackupCodesView>> {
    return this.totp.regenerate(actor, input);
  }
}
