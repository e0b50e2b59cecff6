import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizeDevice } from '#identity';
import { type Actor, Endpoint, html, type Html, networkOf } from '#platform';
import { withNext } from '../next-page.js';
import { Organizations } from '../organizations.js';
import { Pages, type Visit } from '../pages.js';
import { CHANGED, wordsFor } from '../words.js';
import { answeredPage, askingPage, codePage } from './program.page.js';

/** Longer than anybody types one. */
const MAX_CODE = 40;

/** Whether a program on another device may act for who is signed in (RFC 8628). */
@Controller('/device')
export class DeviceController {
  constructor(
    private readonly pages: Pages,
    private readonly devices: AuthorizeDevice,
    private readonly organizations: Organizations,
  ) {}

  @Get()
  @Endpoint({ summary: 'The page that takes the code of a device', access: 'public', page: true })
  async see(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.open(request, reply);
    const userCode = visit.query.user_code?.slice(0, MAX_CODE);
    if (!visit.visitor) return this.pages.go(visit, withNext('/login', hereWith(userCode)));
    const { done } = visit.query;
    // A link brings the code, but a person says that it is theirs: whoever sends links could send their own.
    this.pages.show(visit, done ? answeredPage(done) : codePage(visit.form, { userCode }));
  }

  @Post()
  @Endpoint({
    summary: 'See what the program asks whose code it is',
    access: 'public',
    page: true,
    form: true,
  })
  async find(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/device');
    const userCode = codeIn(visit);
    if (!visit.visitor) return this.pages.go(visit, withNext('/login', hereWith(userCode)));
    await this.ask(visit, visit.visitor.actor, userCode);
  }

  @Post('/answer')
  @Endpoint({
    summary: 'Let the program of a device in, or refuse it',
    access: 'public',
    page: true,
    form: true,
  })
  async answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.receive(request, reply, '/device/answer');
    const userCode = codeIn(visit);
    if (!visit.visitor) return this.pages.go(visit, withNext('/login', hereWith(userCode)));
    if (!visit.isTheirs)
      return this.ask(visit, visit.visitor.actor, userCode, { problem: html`${CHANGED}`, status: 409 });
    const isApproved = visit.sent.answer === 'approve';
    try {
      if (isApproved) await this.devices.approve(visit.visitor, userCode);
      else await this.devices.deny(visit.visitor.actor, userCode);
      this.pages.go(visit, `/device?done=${isApproved ? 'approved' : 'denied'}`);
    } catch (thrown) {
      this.fail(visit, userCode, thrown);
    }
  }

  private async ask(
    visit: Visit,
    actor: Actor,
    userCode: string,
    told: { problem?: Html; status?: number } = {},
  ): Promise<void> {
    try {
      const asked = await this.devices.describe(actor, userCode);
      const page = askingPage(visit.form, {
        ...told,
        request: asked,
        action: '/device/answer',
        hidden: { user_code: userCode },
        here: hereWith(userCode),
        others: await this.organizations.besides(actor),
        warning: 'Go on only if you have just started this yourself, on a device that is yours.',
        isFromElsewhere: !isNear(asked.address, actor.origin.address),
      });
      this.pages.show(visit, page);
    } catch (thrown) {
      this.fail(visit, userCode, thrown);
    }
  }

  private fail(visit: Visit, userCode: string, thrown: unknown): void {
    const { error, text } = wordsFor(thrown);
    const told =
      error.kind === 'not_found'
        ? { fault: 'No device waits with this code. Look once more, or begin again on the device.' }
        : { problem: text };
    this.pages.show(visit, codePage(visit.form, { userCode, ...told, status: error.status }));
  }
}

/** Whether the program asks from the network that the browser is in: whoever sends a code of theirs mostly does not. */
const isNear = (asker: string | null, browser: string | null): boolean =>
  asker !== null && browser !== null && networkOf(asker) === networkOf(browser);

const codeIn = ({ sent }: Visit): string => (sent.user_code ?? '').slice(0, MAX_CODE);

const hereWith = (userCode: string | undefined): string =>
  userCode ? `/device?user_code=${encodeURIComponent(userCode)}` : '/device';
