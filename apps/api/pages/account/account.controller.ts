import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Endpoint, html } from '#platform';
import { AskVerification, SwitchTenant, SwitchTenantInput } from '#identity';
import { nextPage } from '../next-page.js';
import { FormTokens } from '../form-tokens.js';
import { takeKeptOut } from '../kept-out.js';
import { Organizations } from '../organizations.js';
import { Pages, type Visit } from '../pages.js';
import { Entrance } from '../sign-in/entrance.js';
import { Visitors } from '../visitors.js';
import { CHANGED, keptOut, wordsFor } from '../words.js';
import { accountPage, type Told } from './account.page.js';

/** Who is signed in on this browser, and signing out. */
@Controller()
export class AccountController {
  constructor(
    private readonly pages: Pages,
    private readonly visitors: Visitors,
    private readonly forms: FormTokens,
    private readonly entrance: Entrance,
    private readonly askVerification: AskVerification,
    private readonly switchTenant: SwitchTenant,
    private readonly organizations: Organizations,
  ) {}

  @Get('/account')
  @Endpoint({ summary: 'Who is signed in', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    if (!visit.visitor) return this.pages.go(visit, '/login');
    const notice = visit.query.after === 'mail' ? 'A mail is on its way to you.' : undefined;
    const code = takeKeptOut(visit);
    await this.show(visit, { notice, problem: code ? keptOut(code) : undefined });
  }

  @Post('/account/verification')
  @Endpoint({
    summary: 'Send the mail that verifies the address again',
    access: 'public',
    page: true,
    form: true,
  })
  async sendAgain(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/account/verification');
    if (!visit.visitor) return this.pages.go(visit, '/login');
    if (!visit.isTheirs) return this.show(visit, { problem: html`${CHANGED}`, status: 409 });
    try {
      await this.askVerification.execute(visit.visitor.actor);
      this.pages.go(visit, '/account?after=mail');
    } catch (thrown) {
      const { error, text: problem } = wordsFor(thrown);
      await this.show(visit, { problem, status: error.status });
    }
  }

  @Post('/account/organization')
  @Endpoint({ summary: 'Switch to another organisation', access: 'public', page: true, form: true })
  async switch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/account/organization');
    const { visitor } = visit;
    if (!visitor) return this.pages.go(visit, '/login');
    const next = nextPage(visit.sent.next);
    if (!visit.isTheirs) return this.show(visit, { problem: html`${CHANGED}`, status: 409, next });
    const { actor, refreshToken } = visitor;
    const wanted = SwitchTenantInput.safeParse({ tenantId: visit.sent.tenant_id, refreshToken });
    const isThere = wanted.success && wanted.data.tenantId === actor.tenantId;
    if (!wanted.success || isThere) return this.pages.go(visit, '/account');
    try {
      await this.entrance.pass(visit, next, () => this.switchTenant.execute(actor, wanted.data));
    } catch (thrown) {
      const { error, text: problem } = wordsFor(thrown, next);
      await this.show(visit, { problem, status: error.status });
    }
  }

  @Get('/logout')
  @Endpoint({ summary: 'The page to sign out', access: 'public', page: true })
  async askLogout(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    if (!visit.visitor) return this.pages.go(visit, '/login?after=logout');
    this.pages.show(visit, {
      title: 'Sign out',
      footer: html``,
      body: html`<h1>Sign out?</h1>
        <p>You are signed in as ${visit.visitor.profile.user.email}.</p>
        ${visit.form('/logout', html`<button>Sign out</button>`)}
        <p class="links"><a href="/account">Stay signed in</a></p>`,
    });
  }

  /** Also of a form that was shown to somebody else: whoever presses it wants nobody to be signed in here. */
  @Post('/logout')
  @Endpoint({ summary: 'Sign out of this browser', access: 'public', page: true, form: true })
  async logout(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.forms.check(request, '/logout');
    await this.visitors.leave(request, reply);
    this.forms.renew(reply);
    void reply.status(303).header('location', '/login?after=logout').send();
  }

  private async show(visit: Visit, told: Omit<Told, 'others'>): Promise<void> {
    if (!visit.visitor) return;
    const others = await this.organizations.besides(visit.visitor.actor);
    this.pages.show(visit, accountPage(visit.form, visit.visitor, { ...told, others }));
  }
}
