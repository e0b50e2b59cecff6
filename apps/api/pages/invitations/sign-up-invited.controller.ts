import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PasswordText, VisitProvider } from '#identity';
import { RegisterInvited } from '#onboarding';
import { Endpoint, html, type Html } from '#platform';
import { field, problem } from '../look/parts.js';
import type { Page } from '../look/layout.js';
import { Pages, type Visit } from '../pages.js';
import { Entrance } from '../sign-in/entrance.js';
import { providerLinks } from '../sign-in/providers.js';
import { OTHER_INVITATION, passwordFault, wordsFor } from '../words.js';
import { type HeldInvitation, HeldInvitations, invitationField, isTheOneRead } from './held-invitation.js';

interface Told {
  fault?: Html | string;
  problem?: Html;
  status?: number;
}

/** Signing up by an invitation: the address is the one that was invited, and the organisation is there. */
@Controller('/signup/invited')
export class SignUpInvitedController {
  constructor(
    private readonly pages: Pages,
    private readonly entrance: Entrance,
    private readonly held: HeldInvitations,
    private readonly register: RegisterInvited,
    private readonly providers: VisitProvider,
  ) {}

  @Get()
  @Endpoint({ summary: 'The page to sign up by an invitation', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const held = await this.held.find(visit);
    if (!held) return this.pages.go(visit, '/invite/open');
    this.show(visit, held, {});
  }

  @Post()
  @Endpoint({ summary: 'Sign up by an invitation and a password', access: 'public', page: true, form: true })
  async submit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/signup/invited');
    const held = await this.held.find(visit);
    if (!held) return this.pages.go(visit, '/invite/open');
    if (!isTheOneRead(visit, held))
      return this.show(visit, held, { problem: html`${OTHER_INVITATION}`, status: 409 });
    const password = PasswordText.safeParse(visit.sent.password ?? '');
    if (!password.success) return this.show(visit, held, { fault: 'Choose a password.', status: 422 });
    const { email } = held.preview.invitation;
    try {
      await this.entrance.pass(visit, '/account', () =>
        this.register.withPassword(visit.nobody, {
          ...{ email, password: password.data },
          invitationToken: held.token,
        }),
      );
      this.held.release(visit);
    } catch (thrown) {
      const { error, text } = wordsFor(thrown);
      // They have an account by now: the invitation says how to go on.
      if (error.code === 'ACCOUNT_EXISTS') return this.pages.go(visit, '/invite/open');
      const isWeak = error.code === 'PASSWORD_TOO_WEAK';
      const told = isWeak ? { fault: passwordFault(error) } : { problem: text };
      this.show(visit, held, { ...told, status: error.status });
    }
  }

  private show(visit: Visit, { preview }: HeldInvitation, told: Told): void {
    const { email } = preview.invitation;
    const title = `Join ${preview.tenant.name}`;
    const page: Page = {
      title,
      status: told.status,
      footer: html``,
      body: html`<h1>${title}</h1>
        <p>The account is for ${email}, to which you were invited.</p>
        ${problem(told.problem ?? (told.fault ? 'One field needs another look.' : null))}
        ${providerLinks(this.providers.offered, '/invite/open')}
        ${visit.form(
          '/signup/invited',
          // For password managers: which account the password is of.
          html`<input type="hidden" name="email" autocomplete="username" value="${email}" />
            ${invitationField(preview)}
            ${field({
              name: 'password',
              label: 'Password',
              type: 'password',
              autocomplete: 'new-password',
              hint: 'At least 15 characters: a few words that have nothing to do with each other are easy to keep.',
              fault: told.fault,
            })}
            <button>Sign up and join</button>`,
        )}`,
    };
    this.pages.show(visit, page);
  }
}
