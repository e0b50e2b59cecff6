import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, unauthenticated, wire } from '#platform';
import { tenantSuspended } from '../domain/session-policy.js';
import { EndSessions } from '../use-cases/end-sessions.js';
import { IssueTokens } from '../use-cases/issue-tokens.js';
import { ReadServiceAccounts } from '../use-cases/read-service-accounts.js';
import { RefreshInput, RefreshSession } from '../use-cases/refresh-session.js';
import { PasswordLogin, SignInWithPassword } from '../use-cases/sign-in-with-password.js';
import { SignIn } from '../use-cases/sign-in.js';
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
import { OptionalUpstreamToken } from './upstream-token.js';

/** Nothing, next to a bearer. */
const LoginBody = z.union([PasswordLogin, z.strictObject({})]).optional();

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
  ) {}

  @Post('/login')
  @Endpoint({
    summary:
      'Sign in with the ID token of a Google, GitHub or Microsoft account as the bearer, or by email and password',
    access: 'public',
    output: SignedInView,
    bodyExample: {},
    example: { ...TOKENS_EXAMPLE, user: USER_EXAMPLE, tenant: TENANT_EXAMPLE },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED', 'INVALID_CREDENTIALS', 'MFA_REQUIRED', 'MFA_ENROLLMENT_REQUIRED'],
      forbidden: ['NOT_REGISTERED', 'TENANT_SUSPENDED', 'ACCOUNT_SUSPENDED', 'EMAIL_REQUIRED'],
      conflict: ['ACCOUNT_LINK_REQUIRED'],
      too_many: ['SIGN_IN_LOCKED'],
      unavailable: ['UPSTREAM_UNAVAILABLE', 'BUSY'],
    },
  })
  async login(
    @CurrentActor() actor: Actor,
    @OptionalUpstreamToken() idToken: string | null,
    @Body({ schema: wire(LoginBody) }) input: z.output<typeof LoginBody>,
  ): Promise<z.input<typeof SignedInView>> {
    if (isByPassword(input)) return signedInView(await this.signInWithPassword.execute(actor, input));
    if (idToken === null) throw unauthenticated('no upstream bearer');
    return signedInView(await this.signIn.execute(actor, idToken));
  }

  @Post('/refresh')
  @Endpoint({
    summary: 'The next access token and refresh token',
    access: 'public',
    output: TokensView,
    example: TOKENS_EXAMPLE,
    refusals: { unauthenticated: ['UNAUTHENTICATED'], forbidden: ['TENANT_SUSPENDED'] },
  })
  refresh(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(RefreshInput) }) input: z.output<typeof RefreshInput>,
  ): Promise<z.input<typeof TokensView>> {
    return this.refreshSession.execute(actor, input);
  }

  @Post('/logout')
  @Endpoint({
    summary: 'End the session of a refresh token; says how many ended',
    access: 'public',
    output: LogoutView,
    example: { revoked: 1 },
  })
  logout(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(RefreshInput) }) input: z.output<typeof RefreshInput>,
  ): Promise<z.input<typeof LogoutView>> {
    return this.endSessions.one(actor, input);
  }

  @Post('/logout/all')
  @Endpoint({
    summary: 'End every session of the caller, in every organisation; says how many ended',
    access: 'bearer',
    output: LogoutView,
    example: { revoked: 3 },
  })
  logoutAll(@CurrentActor() actor: Actor): Promise<z.input<typeof LogoutView>> {
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
}
