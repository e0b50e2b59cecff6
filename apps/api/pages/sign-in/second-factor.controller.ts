import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clearCookie, cookieIn, DomainError, Endpoint } from '#platform';
import { AnswerChallenge, SecondFactorCode } from '#identity';
import { nextPage, withNext } from '../next-page.js';
import { Pages, type Visit } from '../pages.js';
import { textOf, wordsFor } from '../words.js';
import { Entrance } from './entrance.js';
import { authenticatorPage, backupCodesPage, codePage } from './second-factor.page.js';

/** The second step of signing in: a code, or setting up what shows them. */
@Controller('/login')
export class SecondFactorController {
  constructor(
    private readonly pages: Pages,
    private readonly entrance: Entrance,
    private readonly challenge: AnswerChallenge,
  ) {}

  @Get('/code')
  @Endpoint({ summary: 'The page that asks for a code', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    if (!stepOf(visit)) return this.again(visit);
    this.pages.show(visit, codePage(visit.form, { next: nextPage(visit.query.next) }));
  }

  @Post('/code')
  @Endpoint({ summary: 'Sign in with a code or a backup code', access: 'public', page: true, form: true })
  async submit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/login/code');
    const next = nextPage(visit.sent.next);
    const mfaToken = stepOf(visit);
    if (!mfaToken) return this.again(visit);
    try {
      const code = codeIn(visit);
      await this.entrance.pass(visit, next, () => this.challenge.execute(visit.nobody, { mfaToken, code }));
    } catch (thrown) {
      const { error, text } = wordsFor(thrown);
      if (error.kind === 'unauthenticated') return this.again(visit);
      this.pages.show(visit, codePage(visit.form, { next, problem: text, status: error.status }));
    }
  }

  @Get('/authenticator')
  @Endpoint({ summary: 'The page that sets up an authenticator', access: 'public', page: true })
  async begin(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const mfaToken = stepOf(visit);
    if (!mfaToken) return this.again(visit);
    try {
      const begun = await this.challenge.enroll(visit.nobody, mfaToken);
      this.pages.show(visit, authenticatorPage(visit.form, { begun, next: nextPage(visit.query.next) }));
    } catch (thrown) {
      const { error } = wordsFor(thrown);
      if (error.kind !== 'unauthenticated' && error.kind !== 'conflict') throw error;
      this.again(visit);
    }
  }

  @Post('/authenticator')
  @Endpoint({ summary: 'Finish setting it up, and sign in', access: 'public', page: true, form: true })
  async confirm(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/login/authenticator');
    const next = nextPage(visit.sent.next);
    const mfaToken = stepOf(visit);
    if (!mfaToken) return this.again(visit);
    try {
      const done = await this.challenge.confirm(visit.nobody, { mfaToken, code: codeIn(visit) });
      await this.entrance.enter(visit, done.signedIn.tokens);
      // Shown this once, so this is the answer itself.
      this.pages.show({ ...visit, visitor: null }, backupCodesPage(done.backupCodes, next));
    } catch (thrown) {
      const { error } = wordsFor(thrown);
      if (error.kind === 'unauthenticated') return this.again(visit);
      const begun = await this.challenge.resume(visit.nobody, mfaToken);
      const problem = textOf(error);
      this.pages.show(visit, authenticatorPage(visit.form, { begun, next, problem, status: error.status }));
    }
  }

  /** The step is over or was never begun: from the start. */
  private again(visit: Visit): void {
    clearCookie(visit.reply, '__Host-gatehouse-step');
    this.pages.go(visit, withNext('/login', nextPage(visit.sent.next ?? visit.query.next)));
  }
}

const stepOf = ({ request }: Visit) => cookieIn(request, '__Host-gatehouse-step');

/** Throws 403 `CODE_INVALID` for what cannot be one. */
function codeIn({ sent }: Visit): string {
  const code = SecondFactorCode.safeParse(sent.code ?? '');
  if (code.success && code.data) return code.data;
  throw new DomainError('forbidden', 'CODE_INVALID', 'The code is wrong, or was used before.');
}
