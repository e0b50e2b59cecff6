import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { askingBrowser, AuthorizeProgram } from '#identity';
import { DomainError, Endpoint, html, type Html } from '#platform';
import { withNext } from '../next-page.js';
import { Organizations } from '../organizations.js';
import { Pages, type Visit } from '../pages.js';
import { CHANGED } from '../words.js';
import { askingPage, goneRequestPage } from './program.page.js';

/** Whether a program on this machine may act for who is signed in (RFC 6749, 4.1). */
@Controller('/consent')
export class ConsentController {
  constructor(
    private readonly pages: Pages,
    private readonly programs: AuthorizeProgram,
    private readonly organizations: Organizations,
  ) {}

  @Get()
  @Endpoint({
    summary: 'The page that asks whether a program may act for somebody',
    access: 'public',
    page: true,
  })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    await this.show(visit, visit.query.request ?? '');
  }

  @Post()
  @Endpoint({ summary: 'Let a program in, or refuse it', access: 'public', page: true, form: true })
  async answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/consent');
    const { request: secret = '' } = visit.sent;
    if (!visit.visitor || !visit.isTheirs)
      return this.show(visit, secret, { problem: html`${CHANGED}`, status: 409 });
    const back = await this.decide(visit, secret).catch(unlessGone);
    if (back === null) return this.pages.show(visit, goneRequestPage());
    // At the program's own machine: the use case has checked that when it was asked.
    this.pages.go(visit, back);
  }

  private async show(
    visit: Visit,
    secret: string,
    told: { problem?: Html; status?: number } = {},
  ): Promise<void> {
    const here = `/consent?request=${encodeURIComponent(secret)}`;
    if (!visit.visitor) return this.pages.go(visit, withNext('/login', here));
    const { actor } = visit.visitor;
    const asked = await this.programs.describe(actor, brought(visit, secret)).catch(unlessGone);
    if (!asked) return this.pages.show(visit, goneRequestPage());
    const page = askingPage(visit.form, {
      ...told,
      request: asked,
      action: '/consent',
      hidden: { request: secret },
      here,
      others: await this.organizations.besides(actor),
      warning:
        'Go on only if you have just started this yourself, on this device. Your browser then goes to an address that lets its program in: whoever asks you for that address would get in as you.',
      policy: { formAction: formActionOf(asked.redirectUri) },
    });
    this.pages.show(visit, page);
  }

  private decide(visit: Visit, secret: string): Promise<string> {
    const { visitor, sent } = visit;
    if (visitor && sent.answer === 'approve') return this.programs.approve(visitor, brought(visit, secret));
    return this.programs.deny(brought(visit, secret));
  }
}

const brought = ({ request }: Visit, secret: string) => ({
  request: secret,
  browser: askingBrowser(request),
});

function unlessGone(error: unknown): null {
  if (error instanceof DomainError && error.kind === 'not_found') return null;
  throw error;
}

/** Chromium holds form-action against the redirect to the program, too; CSP has no words for an IPv6 address. */
function formActionOf(redirectUri: string): string {
  const { hostname, origin } = new URL(redirectUri);
  return hostname.startsWith('[') ? 'http:' : origin;
}
