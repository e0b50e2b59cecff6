import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Endpoint } from '#platform';
import { EmailAddress, ForgotPassword, PasswordText, ResetPassword } from '#identity';
import { Pages } from '../pages.js';
import { passwordFault, wordsFor } from '../words.js';
import { resetPage } from './reset.page.js';

/** A password that was forgotten: asking for the mail, and setting a new one by its token. */
@Controller('/reset')
export class ResetController {
  constructor(
    private readonly pages: Pages,
    private readonly forgotPassword: ForgotPassword,
    private readonly resetPassword: ResetPassword,
  ) {}

  @Get()
  @Endpoint({ summary: 'The page for a forgotten password', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    this.pages.show(visit, resetPage(visit.form, { isSent: visit.query.after === 'mail' }));
  }

  @Post()
  @Endpoint({ summary: 'Ask for the mail', access: 'public', page: true, form: true })
  async ask(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/reset');
    const { email = '' } = visit.sent;
    const address = EmailAddress.safeParse(email);
    if (!address.success) {
      const emailFault = 'Give one e-mail address, like ada@example.com.';
      return this.pages.show(visit, resetPage(visit.form, { email, emailFault, status: 422 }));
    }
    try {
      await this.forgotPassword.execute(visit.nobody, { email: address.data });
      this.pages.go(visit, '/reset?after=mail');
    } catch (thrown) {
      const { error, text: problem } = wordsFor(thrown);
      this.pages.show(visit, resetPage(visit.form, { email, problem, status: error.status }));
    }
  }

  @Post('/password')
  @Endpoint({
    summary: 'Set a new password by the token of the mail',
    access: 'public',
    page: true,
    form: true,
  })
  async set(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/reset/password');
    const token = (visit.sent.token ?? '').trim().slice(0, 256);
    const password = PasswordText.safeParse(visit.sent.password ?? '');
    if (!password.success)
      return this.pages.show(
        visit,
        resetPage(visit.form, { token, passwordFault: 'Choose a password.', status: 422 }),
      );
    try {
      await this.resetPassword.execute(visit.nobody, { token, password: password.data });
      this.pages.go(visit, '/login?after=reset&as=other');
    } catch (thrown) {
      const { error, text } = wordsFor(thrown);
      const isWeak = error.code === 'PASSWORD_TOO_WEAK';
      const told = isWeak ? { token, passwordFault: passwordFault(error) } : { problem: text };
      this.pages.show(visit, resetPage(visit.form, { ...told, status: error.status }));
    }
  }
}
