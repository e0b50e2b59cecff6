import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, DomainError, Endpoint, unauthenticated, wire } from '#platform';
import { tenantSuspended } from '../domain/session-policy.js';
import { EndSessions } from '../use-cases/end-sessions.js';
import { IssueTokens } from '../use-cases/issue-tokens.js';
import { ReadServiceAccounts } from '../use-cases/read-service-accounts.js';
import { RefreshInput, RefreshSession } from '../use-cases/refresh-session.js';
import { PasswordLogin, SignInTo, SignInWithPassword } from '../use-cases/sign-in-with-password.js';
import { SignIn } from '../use-cases/sign-in.js';
import { SwitchTenant, SwitchTenantInput } from '../use-cases/switch-tenant.js';
import {
  LogoutView,
  MeView,
  meView,
  ServiceMeView,
  serviceMeView,
  SignedInView,
  signedInView,
  TokensView,
} from './auth.view.js';
import { ME_EXAMPLE, TENANT_EXAMPLE, TOKENS_EXAMPLE, USER_EXAMPLE } from './examples.js';
import { orInCookies, SessionCookies } from './session-cookies.js';
import { OptionalUpstreamToken } from './upstream-token.js';

/** Nothing but where to, next to a bearer. */
const LoginBody = z.union([PasswordLogin, z.strictObject({ tenantId: SignInTo })]).optional();
/** Nothing, where the token is in a cookie. */
const RefreshBody = RefreshInput.optional();

const isByPassword = (input: z.output<typeof LoginBody>): input is z.output<typeof PasswordLogin> =>
  input !== undefined && 'email' in input;

@Controller('/api/v1/auth')
export class AuthController {
  constructor(
    private readonly signIn: SignIn,
    private readonly signInWithPassword: SignInWithPassword,
    private readonly refreshSession: RefreshSession,
    private readonly endSessions: EndSessions,
    private readonly issueTokens: IssueTokens,
    private readonly services: ReadServiceAccounts,
    private readonly switchTenant: SwitchTenant,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('/login')
  @Endpoint({
    summary:
      'Sign in with the ID token of a Google, GitHub or Microsoft account as the bearer, or by email and password',
    access: 'public',
    output: orInCookies(SignedInView),
    bodyExample: {},
    example: { ...TOKENS_EXAMPLE, user: USER_EXAMPLE, tenant: TENANT_EXAMPLE },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED', 'INVALID_CREDENTIALS', 'MFA_REQUIRED', 'MFA_ENROLLMENT_REQUIRED'],
      forbidden: [
        'NOT_REGISTERED',
        'NO_ORGANIZATION',
        'TENANT_SUSPENDED',
        'ACCOUNT_SUSPENDED',
        'EMAIL_REQUIRED',
      ],
      not_found: ['NOT_FOUND'],
      conflict: ['ACCOUNT_LINK_REQUIRED'],
      too_many: ['SIGN_IN_LOCKED'],
      unavailable: ['UPSTREAM_UNAVAILABLE', 'BUSY'],
    },
  })
  async login(
    @CurrentActor() actor: Actor,
    @OptionalUpstreamToken() idToken: string | null,
    @Body({ schema: wire(LoginBody) }) input: z.output<typeof LoginBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const done = isByPassword(input)
      ? await this.signInWithPassword.execute(actor, input)
      : await this.signIn.execute(actor, upstream(idToken), input?.tenantId);
    return this.cookies.deliver(request, reply, signedInView(done));
  }

  @Post('/switch')
  @Endpoint({
    summary:
      'Sign in to another organisation of the caller’s, under what that one asks; a session of its own beside the present one, whose refresh token comes along (cookies bring it) unless its owner has shown within ten minutes who they are',
    access: 'bearer',
    // Whoever is shut out with one of their organisations goes on in another.
    judgesSuspension: true,
    output: orInCookies(SignedInView),
    bodyExample: { tenant_id: TENANT_EXAMPLE.id, refresh_token: TOKENS_EXAMPLE.refresh_token },
    example: { ...TOKENS_EXAMPLE, user: USER_EXAMPLE, tenant: TENANT_EXAMPLE },
    refusals: {
      unauthenticated: ['MFA_REQUIRED', 'MFA_ENROLLMENT_REQUIRED'],
      forbidden: ['TENANT_SUSPENDED', 'ACCOUNT_SUSPENDED', 'REAUTHENTICATION_REQUIRED'],
      not_found: ['NOT_FOUND'],
      conflict: ['ALREADY_THERE'],
    },
  })
  async switch(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(SwitchTenantInput) }) input: z.output<typeof SwitchTenantInput>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const inCookie = this.cookies.isAsked(request) ? this.cookies.refresh(request) : null;
    const refreshToken = input.refreshToken ?? inCookie ?? undefined;
    const done = await this.switchTenant.execute(actor, { ...input, refreshToken });
    return this.cookies.deliver(request, reply, signedInView(done));
  }

  @Post('/refresh')
  @Endpoint({
    summary: 'The next access token and refresh token; of a session in cookies without a body',
    access: 'public',
    output: orInCookies(TokensView),
    bodyExample: { refresh_token: TOKENS_EXAMPLE.refresh_token },
    example: TOKENS_EXAMPLE,
    refusals: { unauthenticated: ['UNAUTHENTICATED'], forbidden: ['TENANT_SUSPENDED'] },
  })
  async refresh(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(RefreshBody) }) input: z.output<typeof RefreshBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    try {
      const tokens = await this.refreshSession.execute(actor, this.refreshTokenOf(request, input));
      return this.cookies.deliver(request, reply, tokens);
    } catch (error) {
      const isOver = error instanceof DomainError && error.kind === 'unauthenticated';
      if (isOver && this.cookies.isAsked(request)) this.cookies.clear(reply);
      throw error;
    }
  }

  @Post('/logout')
  @Endpoint({
    summary: 'End the session of a refresh token, or, without a body, of the cookies; says how many ended',
    access: 'public',
    bodyExample: { refresh_token: TOKENS_EXAMPLE.refresh_token },
    output: LogoutView,
    example: { revoked: 1 },
    refusals: { unauthenticated: ['UNAUTHENTICATED'] },
  })
  async logout(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(RefreshBody) }) input: z.output<typeof RefreshBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.input<typeof LogoutView>> {
    if (this.cookies.isAsked(request)) {
      this.cookies.clear(reply);
      // Whoever is signed out already is not told that they must sign in.
      if (!input && this.cookies.refresh(request) === null) return { revoked: 0 };
    }
    return this.endSessions.one(actor, this.refreshTokenOf(request, input));
  }

  @Post('/logout/all')
  @Endpoint({
    summary: 'End every session of the caller, in every organisation; says how many ended',
    access: 'bearer',
    output: LogoutView,
    example: { revoked: 3 },
  })
  logoutAll(
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.input<typeof LogoutView>> {
    if (this.cookies.isAsked(request)) this.cookies.clear(reply);
    return this.endSessions.all(actor);
  }

  @Get('/me')
  @Endpoint({
    summary: 'Who is calling, and what they may do: a person, or a service account',
    access: 'bearer',
    services: true,
    output: z.union([MeView, ServiceMeView]),
    example: ME_EXAMPLE,
    refusals: { forbidden: ['TENANT_SUSPENDED'] },
  })
  async me(@CurrentActor() actor: Actor): Promise<z.input<typeof MeView> | z.input<typeof ServiceMeView>> {
    if (actor.type === 'service') return serviceMeView(await this.services.self(actor), actor.scopes);
    const profile = await this.issueTokens.profile(actor);
    if (profile.tenant.status === 'suspended') throw tenantSuspended();
    return meView(profile, actor.scopes);
  }

  /** What the body names, else what the cookie holds. Throws the one 401 for neither. */
  private refreshTokenOf(
    request: FastifyRequest,
    input: z.output<typeof RefreshBody>,
  ): z.output<typeof RefreshInput> {
    const inCookie = this.cookies.isAsked(request) ? this.cookies.refresh(request) : null;
    if (input) return input;
    if (inCookie === null) throw unauthenticated('no refresh token');
    return { refreshToken: inCookie };
  }
}

function upstream(idToken: string | null): string {
  if (idToken === null) throw unauthenticated('no upstream bearer');
  return idToken;
}
