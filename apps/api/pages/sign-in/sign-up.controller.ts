import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clearCookie, cookieIn, Endpoint, html } from '#platform';
import { EmailAddress, PasswordText, VisitProvider } from '#identity';
import { Register, RegisterInput, RegisterInvited } from '#onboarding';
import { HeldInvitations, isTheOneRead } from '../invitations/held-invitation.js';
import { nextPage } from '../next-page.js';
import { Pages, type Visit } from '../pages.js';
import { OTHER_INVITATION, passwordFault, wordsFor } from '../words.js';
import { Entrance } from './entrance.js';
import { newcomerPage, type SignUpForm, signUpPage } from './sign-up.page.js';

const NEWCOMER = '__Host-gatehouse-newcomer';

/** Signing up: by password, or after a provider has said who it is. */
@Controller('/signup')
export class SignUpController {
  constructor(
    private readonly pages: Pages,
    private readonly entrance: Entrance,
    private readonly register: Register,
    private readonly registerInvited: RegisterInvited,
    private readonly invitations: HeldInvitations,
    private readonly providers: VisitProvider,
  ) {}

  @Get()
  @Endpoint({ summary: 'The page to sign up', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    if (visit.query.as === 'other') clearCookie(reply, NEWCOMER);
    const newcomer = visit.query.as === 'other' ? null : await this.newcomer(visit);
    if (!newcomer) return this.show(visit, {});
    const next = nextPage(visit.query.next);
    this.pages.show(visit, newcomerPage(visit.form, { ...newcomer.told, next }));
  }

  @Post()
  @Endpoint({ summary: 'Sign up by address and password', access: 'public', page: true, form: true })
  async submit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/signup');
    const { organization_name: organizationName = '', email = '', password = '' } = visit.sent;
    const organization = RegisterInput.safeParse({ organizationName });
    const address = EmailAddress.safeParse(email);
    const secret = PasswordText.safeParse(password);
    const given = { organizationName, email };
    if (!organization.success || !address.success || !secret.success) {
      const faults = {
        organizationName: organization.success ? undefined : NAMELESS,
        email: address.success ? undefined : 'Give one e-mail address, like ada@example.com.',
        password: secret.success ? undefined : 'Choose a password.',
      };
      return this.show(visit, { ...given, faults, status: 422 });
    }
    try {
      const input = { ...organization.data, email: address.data, password: secret.data };
      await this.entrance.pass(visit, nextPage(visit.sent.next), () =>
        this.register.withPassword(visit.nobody, input),
      );
    } catch (thrown) {
      const { error, text } = wordsFor(thrown);
      const isWeak = error.code === 'PASSWORD_TOO_WEAK';
      const told = isWeak ? { faults: { password: passwordFault(error) } } : { problem: text };
      this.show(visit, { ...given, ...told, status: error.status });
    }
  }

  @Post('/newcomer')
  @Endpoint({ summary: 'Sign up after a provider', access: 'public', page: true, form: true })
  async finish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/signup/newcomer');
    const next = nextPage(visit.sent.next);
    const newcomer = await this.newcomer(visit);
    if (!newcomer) return this.pages.go(visit, '/signup');
    const { token, held, invitation, told } = newcomer;
    const { organization_name: organizationName = '' } = visit.sent;
    const organization = RegisterInput.safeParse({ organizationName });
    const given = { ...told, next, organizationName };
    if (!isTheOneRead(visit, invitation)) {
      const problem = html`${OTHER_INVITATION}`;
      return this.pages.show(visit, newcomerPage(visit.form, { ...given, problem, status: 409 }));
    }
    if (!invitation && !organization.success)
      return this.pages.show(visit, newcomerPage(visit.form, { ...given, fault: NAMELESS, status: 422 }));
    const signUp = () =>
      organization.success && !invitation
        ? this.register.execute(visit.nobody, held.idToken, organization.data)
        : this.registerInvited.execute(visit.nobody, held.idToken, {
            invitationToken: invitation?.token ?? '',
          });
    try {
      await this.entrance.pass(visit, invitation ? '/account' : next, signUp);
      if (invitation) this.invitations.release(visit);
      await this.providers.release(token);
    } catch (thrown) {
      const { error, text: problem } = wordsFor(thrown);
      this.pages.show(visit, newcomerPage(visit.form, { ...given, problem, status: error.status }));
    }
  }

  /** Who is back from a provider; and the invitation that the browser holds, where it is theirs and they want it. */
  private async newcomer(visit: Visit) {
    const token = cookieIn(visit.request, NEWCOMER);
    const held = token && (await this.providers.held(token));
    if (!token || !held) return null;
    const found = await this.invitations.find(visit);
    const isOwn = (visit.sent.as ?? visit.query.as) === 'own';
    const isTheirs = found?.preview.invitation.email === held.email.toLowerCase();
    const invitation = isTheirs && !isOwn ? found : null;
    const { provider, email } = held;
    return { token, held, invitation, told: { provider, email, isOwn, invited: found?.preview, isTheirs } };
  }

  private show(visit: Visit, given: Partial<SignUpForm>): void {
    const next = nextPage(visit.sent.next ?? visit.query.next);
    this.pages.show(visit, signUpPage(visit.form, { next, providers: this.providers.offered, ...given }));
  }
}

export const NAMELESS = 'Say what your organisation is called, in at most 120 letters.';
