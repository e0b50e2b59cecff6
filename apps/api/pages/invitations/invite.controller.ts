import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Endpoint, html } from '#platform';
import { SwitchTenant } from '#identity';
import { InvitePeople } from '#onboarding';
import { Pages, type Visit } from '../pages.js';
import { Entrance } from '../sign-in/entrance.js';
import { keepOut } from '../kept-out.js';
import { CHANGED, OTHER_INVITATION, wordsFor } from '../words.js';
import { HeldInvitations, isTheOneRead } from './held-invitation.js';
import { declinedPage, gonePage, invitationPage, openPage } from './invite.page.js';

/** Invitations, for whoever has the link of the mail. */
@Controller('/invite')
export class InviteController {
  constructor(
    private readonly pages: Pages,
    private readonly entrance: Entrance,
    private readonly held: HeldInvitations,
    private readonly people: InvitePeople,
    private readonly switchTenant: SwitchTenant,
  ) {}

  @Get()
  @Endpoint({ summary: 'The page that the link of an invitation opens', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    this.pages.show(visit, visit.query.done === 'declined' ? declinedPage() : openPage(visit.form));
  }

  @Post()
  @Endpoint({ summary: 'Open an invitation by its token', access: 'public', page: true, form: true })
  async open(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/invite');
    const token = (visit.sent.token ?? '').trim().slice(0, 256);
    if (await this.held.hold(visit, token)) this.pages.go(visit, '/invite/open');
    else this.pages.show(visit, gonePage());
  }

  @Get('/open')
  @Endpoint({ summary: 'What the invitation is to', access: 'public', page: true })
  async preview(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const held = await this.held.find(visit);
    const email = visit.visitor?.profile.user.email;
    this.pages.show(visit, held ? invitationPage(visit.form, held.preview, { email }) : gonePage());
  }

  @Post('/answer')
  @Endpoint({ summary: 'Accept an invitation, or decline it', access: 'public', page: true, form: true })
  async answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/invite/answer');
    const held = await this.held.find(visit);
    if (!held) return this.pages.show(visit, gonePage());
    const email = visit.visitor?.profile.user.email;
    if (!visit.isTheirs || !isTheOneRead(visit, held)) {
      const words = visit.isTheirs ? OTHER_INVITATION : CHANGED;
      const told = { email, problem: html`${words}`, status: 409 };
      return this.pages.show(visit, invitationPage(visit.form, held.preview, told));
    }
    try {
      if (visit.sent.answer === 'accept') await this.accept(visit, held.token);
      else await this.decline(visit, held.token);
    } catch (thrown) {
      const { error, text: problem } = wordsFor(thrown);
      const told = { email, problem, status: error.status };
      this.pages.show(visit, invitationPage(visit.form, held.preview, told));
    }
  }

  /** And goes there, under what that organisation asks. */
  private async accept(visit: Visit, token: string): Promise<void> {
    if (!visit.visitor) return this.pages.go(visit, '/login?next=%2Finvite%2Fopen');
    const { actor, refreshToken } = visit.visitor;
    const { membership } = await this.people.accept(actor, token);
    this.held.release(visit);
    const there = { tenantId: membership.tenantId, refreshToken };
    try {
      await this.entrance.pass(visit, '/account', () => this.switchTenant.execute(actor, there));
    } catch (thrown) {
      // They are a member by now: what keeps them from going there is told where they can.
      keepOut(visit, wordsFor(thrown).error.code);
      this.pages.go(visit, '/account');
    }
  }

  private async decline(visit: Visit, token: string): Promise<void> {
    await this.people.decline(visit.visitor?.actor ?? visit.nobody, token);
    this.held.release(visit);
    this.pages.go(visit, '/invite?done=declined');
  }
}
