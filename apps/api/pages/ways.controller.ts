import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Endpoint } from '#platform';

/**
 * Where to go from addresses that show nothing by themselves: the front door, and those that only a form is sent to. A
 * browser keeps the latter when a form was refused, and opens them when somebody presses return in its address bar.
 */
export const WAYS: Readonly<Record<string, string>> = {
  '/': '/account',
  '/account/organization': '/account',
  '/account/verification': '/account',
  '/device/answer': '/device',
  '/invite/answer': '/invite/open',
  '/reset/password': '/reset',
  '/signup/newcomer': '/signup',
};

/** Ways on to a page. */
@Controller()
export class WaysController {
  @Get(Object.keys(WAYS))
  @Endpoint({ summary: 'The way to a page', access: 'public', page: true })
  go(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    void reply
      .status(303)
      .header('location', WAYS[request.routeOptions.url ?? ''] ?? '/account')
      .send();
  }
}
