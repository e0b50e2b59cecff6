import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clearCookie, cookieIn, Endpoint, html, type Html } from '#platform';
import { ComeBack, RegisterInput } from '#onboarding';
import { HeldInvitations, invitationField, isTheOneRead } from '../invitations/held-invitation.js';
import { problem } from '../look/parts.js';
import { nextPage, withNext } from '../next-page.js';
import { Pages, type Visit } from '../pages.js';
import { OTHER_INVITATION, wordsFor } from '../words.js';
import { Entrance } from './entrance.js';
import { NAMELESS } from './sign-up.controller.js';
import { organizationField } from './sign-up.page.js';

interface Told {
  organizationName?: string;
  fault?: string;
  problem?: Html;
  status?: number;
}

/** For who has shown who they are and is in no organisation any more: they make one, or join the one that has invited them. */
@Controller('/login/organization')
export class OrganizationController {
  constructor(
    private readonly pages: Pages,
    private readonly entrance: Entrance,
    private readonly invitations: HeldInvitations,
    private readonly comeBack: ComeBack,
  ) {}

  @Get()
  @Endpoint({ summary: 'The page for who is in no organisation', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    if (!stepOf(visit)) return this.again(visit);
    await this.show(visit, {});
  }

  @Post()
  @Endpoint({
    summary: 'Make an organisation, or join by an invitation',
    access: 'public',
    page: true,
    form: true,
  })
  async submit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/login/organization');
    const mfaToken = stepOf(visit);
    if (!mfaToken) return this.again(visit);
    const joins = visit.sent.answer === 'join';
    const held = joins ? await this.invitations.find(visit) : null;
    if (joins && !isTheOneRead(visit, held))
      return this.show(visit, { problem: html`${OTHER_INVITATION}`, status: 409 });
    const { organization_name: organizationName = '' } = visit.sent;
    const organization = RegisterInput.safeParse({ organizationName });
    if (!held && !organization.success)
      return this.show(visit, { organizationName, fault: NAMELESS, status: 422 });
    const next = held ? '/account' : nextPage(visit.sent.next);
    try {
      await this.entrance.pass(visit, next, () =>
        held
          ? this.comeBack.rejoin(visit.nobody, { mfaToken, invitationToken: held.token })
          : this.comeBack.found(visit.nobody, { mfaToken, organizationName: organizationName.trim() }),
      );
      if (held) this.invitations.release(visit);
    } catch (thrown) {
      const { error, text } = wordsFor(thrown);
      if (error.kind === 'unauthenticated') return this.again(visit);
      await this.show(visit, { organizationName, problem: text, status: error.status });
    }
  }

  private async show(visit: Visit, told: Told): Promise<void> {
    const next = nextPage(visit.sent.next ?? visit.query.next);
    const preview = (await this.invitations.find(visit))?.preview;
    const to = html`<input type="hidden" name="next" value="${next}" />`;
    const join =
      preview &&
      html`${to} ${invitationField(preview)}
        <button name="answer" value="join">Join ${preview.tenant.name}</button>`;
    const make = html`${to} ${organizationField(told.organizationName, told.fault)} <button>Make it</button>`;
    this.pages.show(visit, {
      title: 'No organisation',
      status: told.status,
      footer: html``,
      body: html`<h1>No organisation</h1>
        <p>
          Your account is in no organisation any more: you left it, were removed from it, or it was deleted.
          Make one of your own, or open the link of an invitation and sign in again.
        </p>
        ${problem(told.problem ?? null)} ${join ? visit.form('/login/organization', join) : html``}
        ${visit.form('/login/organization', make)}
        <p class="links"><a href="/login?as=other">Sign in as somebody else</a></p>`,
    });
  }

  /** The step is over or was never begun: from the start. */
  private again(visit: Visit): void {
    clearCookie(visit.reply, '__Host-gatehouse-step');
    this.pages.go(visit, withNext('/login', nextPage(visit.sent.next ?? visit.query.next)));
  }
}

const stepOf = ({ request }: Visit) => cookieIn(request, '__Host-gatehouse-step');
