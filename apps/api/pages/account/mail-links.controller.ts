import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Endpoint } from '#platform';
import { ConfirmLink, VerifyEmail } from '#identity';
import { Pages } from '../pages.js';
import { wordsFor } from '../words.js';
import { linkPage, verifiedPage, verifyPage } from './mail-links.page.js';

/** Where the links of mails lead whose token does something by itself: nobody need be signed in. */
@Controller()
export class MailLinksController {
  constructor(
    private readonly pages: Pages,
    private readonly verifyEmail: VerifyEmail,
    private readonly confirmLink: ConfirmLink,
  ) {}

  @Get('/verify')
  @Endpoint({ summary: 'The page that verifies an address', access: 'public', page: true })
  async seeVerify(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const { done } = visit.query;
    this.pages.show(visit, done ? verifiedPage(done, visit.visitor !== null) : verifyPage(visit.form, {}));
  }

  @Post('/verify')
  @Endpoint({
    summary: 'Verify an address, or one end of its change',
    access: 'public',
    page: true,
    form: true,
  })
  async verify(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/verify');
    try {
      const { status } = await this.verifyEmail.execute(visit.nobody, { token: tokenIn(visit.sent) });
      this.pages.go(visit, `/verify?done=${status}`);
    } catch (thrown) {
      const { error, text: problem } = wordsFor(thrown);
      this.pages.show(visit, verifyPage(visit.form, { problem, status: error.status }));
    }
  }

  @Get('/link-identity')
  @Endpoint({ summary: 'The page that links a provider', access: 'public', page: true })
  async seeLink(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    this.pages.show(visit, linkPage(visit.form, {}));
  }

  @Post('/link-identity')
  @Endpoint({ summary: 'Link a provider by a mail', access: 'public', page: true, form: true })
  async link(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/link-identity');
    try {
      await this.confirmLink.execute(visit.nobody, { token: tokenIn(visit.sent) });
      this.pages.go(visit, '/login?after=link&as=other');
    } catch (thrown) {
      const { error, text: problem } = wordsFor(thrown);
      this.pages.show(visit, linkPage(visit.form, { problem, status: error.status }));
    }
  }
}

/** Longer than any; the use case says what is wrong with the rest. */
const tokenIn = ({ token = '' }: Readonly<Record<string, string>>): string => token.trim().slice(0, 256);
