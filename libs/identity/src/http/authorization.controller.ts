import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, Log, wire } from '#platform';
import { OauthErrorView, OauthRefusal } from '../oauth/oauth-refusal.js';
import { markAskingBrowser } from './asking-browser.js';
import { AuthorizeDevice, DeviceForm } from '../use-cases/authorize-device.js';
import { AuthorizeProgram, AuthorizeQuery } from '../use-cases/authorize-program.js';

/** RFC 8628, 3.2: the names are the RFC's. */
const DeviceView = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.int(),
  interval: z.int(),
});

const INVALID_CLIENT = { error: 'invalid_client', error_description: 'client_id is not known.' };

/** Where programs ask whether they may act for a person: with a browser (RFC 6749, 4.1) and without (RFC 8628). */
@Controller('/oauth')
export class AuthorizationController {
  constructor(
    private readonly program: AuthorizeProgram,
    private readonly device: AuthorizeDevice,
    private readonly log: Log,
  ) {}

  @Get('/authorize')
  @Endpoint({
    summary:
      'Where a program sends its user’s browser: authorization code with PKCE (S256), to a loopback address; goes on to the consent page',
    access: 'public',
    status: 302,
    answers: {
      400: {
        description: 'The program, or where it wants the answer, is not known: nothing is sent there.',
        output: OauthErrorView,
        example: INVALID_CLIENT,
      },
    },
  })
  async authorize(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(AuthorizeQuery) }) query: z.output<typeof AuthorizeQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object | undefined> {
    try {
      const location = await this.program.begin(actor, query, markAskingBrowser(request, reply));
      void reply.header('location', location).header('referrer-policy', 'no-referrer');
      return undefined;
    } catch (refusal) {
      // Whoever reads this is a person at a browser: 400, whatever the code, since nothing authenticates here.
      return this.refuse(refusal, request, reply, 400);
    }
  }

  @Post('/device_authorization')
  @Endpoint({
    summary: 'For a program without a browser: a code that its user types at /device (RFC 8628)',
    access: 'public',
    form: true,
    body: DeviceForm,
    bodyExample: { client_id: 'gatehouse-cli', device_name: 'build-box' },
    output: DeviceView,
    example: {
      device_code: 'dev_AZr6...',
      user_code: 'WDJB-MJHT',
      verification_uri: 'https://gatehouse.example.com/device',
      verification_uri_complete: 'https://gatehouse.example.com/device?user_code=WDJB-MJHT',
      expires_in: 600,
      interval: 5,
    },
    refusals: { unavailable: ['UNAVAILABLE'] },
    answers: {
      400: {
        description: 'The request is not of its form.',
        output: OauthErrorView,
        example: {
          error: 'invalid_request',
          error_description: 'client_id: sent twice, or not of its form.',
        },
      },
      401: { description: 'The program is not known.', output: OauthErrorView, example: INVALID_CLIENT },
    },
  })
  async ask(
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    try {
      return await this.device.ask(actor, request.body);
    } catch (refusal) {
      return this.refuse(refusal, request, reply);
    }
  }

  private refuse(refusal: unknown, request: FastifyRequest, reply: FastifyReply, status?: number): object {
    if (!(refusal instanceof OauthRefusal)) throw refusal;
    const { error, reason } = refusal;
    this.log.info({ trace_id: request.id, error, cause: reason }, 'A program was refused.');
    void reply.status(status ?? refusal.status);
    return refusal.view;
  }
}
