import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { clearCookie, cookieIn, DomainError, Endpoint, html, HttpConfig, setCookie, wire } from '#platform';
import { SignIn, VISIT_SECONDS, VisitProvider } from '#identity';
import { nextPage, withNext } from '../next-page.js';
import { Pages, type Visit } from '../pages.js';
import { textOf, wordsFor } from '../words.js';
import { Entrance } from './entrance.js';
import { providerName } from './providers.js';

const VISIT = '__Host-gatehouse-visit';

/** To a provider and back. */
@Controller('/login')
export class ProviderController {
  constructor(
    private readonly pages: Pages,
    private readonly entrance: Entrance,
    private readonly providers: VisitProvider,
    private readonly signIn: SignIn,
    private readonly http: HttpConfig,
  ) {}

  @Get('/with/:provider')
  @Endpoint({ summary: 'Go to a provider to sign in there', access: 'public', page: true })
  async begin(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('provider', { schema: wire(z.string().max(100)) }) provider: string,
  ): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const next = nextPage(visit.query.next);
    // Nobody is sent to a provider by another site: there they choose who they are, here.
    const from = request.headers['sec-fetch-site'];
    if (from !== undefined && from !== 'same-origin') return this.pages.go(visit, withNext('/login', next));
    try {
      const { url, token } = await this.providers.begin(provider, `${this.http.baseUrl}/login/back`, next);
      setCookie(reply, VISIT, token, VISIT_SECONDS);
      this.pages.go(visit, url);
    } catch (thrown) {
      this.fail(visit, provider, next, thrown);
    }
  }

  @Get('/back')
  @Endpoint({ summary: 'Come back from a provider', access: 'public', page: true })
  async finish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const token = cookieIn(request, VISIT);
    clearCookie(reply, VISIT);
    if (!token) return this.pages.go(visit, '/login');
    const requestUri = `${this.http.baseUrl}${request.raw.url ?? ''}`;
    let provider = '';
    let next = '/account';
    try {
      const back = await this.providers.finish(visit.nobody, token, requestUri);
      ({ provider, next } = back);
      await this.entrance
        .pass(visit, next, () => this.signIn.execute(visit.nobody, back.idToken))
        .catch(async (error: unknown) => {
          if (!(error instanceof DomainError) || error.code !== 'NOT_REGISTERED') throw error;
          const { email } = await this.signIn.vouched(visit.nobody, back.idToken);
          const held = await this.providers.hold({ ...back, email });
          setCookie(reply, '__Host-gatehouse-newcomer', held, VISIT_SECONDS);
          this.pages.go(visit, withNext('/signup', next));
        });
    } catch (thrown) {
      this.fail(visit, provider, next, thrown);
    }
  }

  private fail(visit: Visit, provider: string, next: string, thrown: unknown): void {
    const { error } = wordsFor(thrown);
    const name = provider ? providerName(provider) : 'the provider';
    const words =
      error.code === 'UNAUTHENTICATED'
        ? `You are not signed in: ${name} did not confirm who you are.`
        : textOf(error);
    this.pages.show(visit, {
      title: 'Not signed in',
      status: error.status,
      body: html`<h1>Not signed in</h1>
        <p role="alert">${words}</p>
        <p><a class="button" href="${withNext('/login', next)}">Back to signing in</a></p>`,
    });
  }
}
