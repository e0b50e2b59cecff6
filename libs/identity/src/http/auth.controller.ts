import { Body, Controller, Get, Post } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { EndSessions } from '../use-cases/end-sessions.js';
import { IssueTokens } from '../use-cases/issue-tokens.js';
import { RefreshInput, RefreshSession } from '../use-cases/refresh-session.js';
import { SignIn } from '../use-cases/sign-in.js';
import { LogoutView, MeView, meView, SignedInView, signedInView, TokensView } from './auth.view.js';
import { ME_EXAMPLE, TENANT_EXAMPLE, TOKENS_EXAMPLE, USER_EXAMPLE } from './examples.js';
import { UpstreamToken } from './upstream-token.js';

@Controller('/api/v1/auth')
export class AuthController {
  constructor(
    private readonly signIn: SignIn,
    private readonly refreshSession: RefreshSession,
    private readonly endSessions: EndSessions,
    private readonly issueTokens: IssueTokens,
  ) {}

  @Post('/login')
  @Endpoint({
    summary: 'Sign in with the ID token of a Google, GitHub or Microsoft account, as the bearer',
    access: 'public',
    output: SignedInView,
    example: { ...TOKENS_EXAMPLE, user: USER_EXAMPLE, tenant: TENANT_EXAMPLE },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED'],
      forbidden: ['NOT_REGISTERED', 'TENANT_SUSPENDED', 'EMAIL_REQUIRED'],
      unavailable: ['UPSTREAM_UNAVAILABLE'],
    },
  })
  async login(
    @CurrentActor() actor: Actor,
    @UpstreamToken() idToken: string,
  ): Promise<z.input<typeof SignedInView>> {
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
    summary: 'End every session of the caller; says how many ended',
    access: 'bearer',
    output: LogoutView,
    example: { revoked: 3 },
  })
  logoutAll(@CurrentActor() actor: Actor): Promise<z.input<typeof LogoutView>> {
    return this.endSessions.all(actor);
  }

  @Get('/me')
  @Endpoint({
    summary: 'Who is calling, and what they may do',
    access: 'bearer',
    output: MeView,
    example: ME_EXAMPLE,
    refusals: { forbidden: ['TENANT_SUSPENDED'] },
  })
  async me(@CurrentActor() actor: Actor): Promise<z.input<typeof MeView>> {
    return meView(await this.issueTokens.profile(actor), actor.scopes);
  }
}
