import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Endpoint } from '#platform';
import { EmailAddress, PasswordText, SignInWithPassword, VisitProvider } from '#identity';
import { nextPage } from '../next-page.js';
import { Pages, type Visit } from '../pages.js';
import { wordsFor } from '../words.js';
import { Entrance } from './entrance.js';
import { type LoginForm, loginPage } from './login.page.js';

/** Signing in. */
@Controller('/login')
export class LoginController {
  constructor(
    private readonly pages: Pages,
    private readonly entrance: Entrance,
    private readonly signIn: SignInWithPassword,
    private readonly providers: VisitProvider,
  ) {}

  @Get()
  @Endpoint({ summary: 'The page to sign in', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const next = nextPage(visit.query.next);
    if (visit.visitor && visit.query.as !== 'other') return this.pages.go(visit, next);
    this.show(visit, { notice: visit.query.after });
  }

  @Post()
  @Endpoint({ summary: 'Sign in by address and password', access: 'public', page: true, form: true })
  async submit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/login');
    const { email = '', password = '' } = visit.sent;
    const address = EmailAddress.safeParse(email);
    const secret = PasswordText.safeParse(password);
    if (!address.success || !secret.success) {
      const faults = {
        email: address.success ? undefined : 'Give one e-mail address, like ada@example.com.',
        password: secret.success ? undefined : 'Give your password.',
      };
      return this.show(visit, { email, faults, status: 422 });
    }
    try {
      await this.entrance.pass(visit, nextPage(visit.sent.next), () =>
        this.signIn.execute(visit.nobody, { email: address.data, password: secret.data }),
      );
    } catch (thrown) {
      const { error, text } = wordsFor(thrown);
      this.show(visit, { email, problem: text, status: error.status });
    }
  }

  private show(visit: Visit, given: Partial<LoginForm>): void {
    const next = nextPage(visit.sent.next ?? visit.query.next);
    this.pages.show(visit, loginPage(visit.form, { next, providers: this.providers.offered, ...given }));
  }
}
