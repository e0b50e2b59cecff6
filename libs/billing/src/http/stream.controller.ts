import { Controller, Get, Headers, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, endAtDrain, Endpoint } from '#platform';
import { LiveStreams } from '../streaming/live-streams.js';
import { OpenBillingStream } from '../use-cases/open-billing-stream.js';

const StreamView = z
  .string()
  .describe('Server-sent events: state, subscription.changed, license.changed, notice.raised.');

const EXAMPLE = `retry: 2000

id: 0000000000000042
event: license.changed
data: {"license_id":"lic_01k9zq6mwee4rr8q3fjz6c1v2d","tier":"TEAM","status":"active","max_seats":5,"entitlements":["commands:execute"],"expires_at":null}

`;

/** Not buffered by proxies (X-Accel-Buffering is nginx's word for it), and kept by nobody. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'x-accel-buffering': 'no',
};

@Controller('/api/v1/billing')
export class BillingStreamController {
  constructor(
    private readonly openStream: OpenBillingStream,
    private readonly live: LiveStreams,
  ) {}

  @Get('/stream')
  @Endpoint({
    summary: 'What changes of subscription and licences, live; goes on behind the header Last-Event-ID',
    access: 'bearer',
    produces: 'text/event-stream',
    output: StreamView,
    example: EXAMPLE,
    refusals: {
      forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'],
      too_many: ['TOO_MANY_STREAMS'],
    },
  })
  async stream(
    @CurrentActor() actor: Actor,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stream = await this.openStream.execute(actor, lastEventId);
    // Its client may have gone meanwhile, or go at any time.
    if (reply.raw.destroyed) {
      stream.destroy();
      return;
    }
    reply.raw.once('close', () => stream.destroy());
    const live = {
      tenantId: actor.tenantId!,
      stream,
      mustStillStand: request.mustStillStand ?? (() => undefined),
      cut: () => void reply.raw.destroy(),
    };
    this.live.add(live);
    stream.once(
      'close',
      endAtDrain(request.server, () => this.live.end(live, 'drained')),
    );
    await reply.headers(HEADERS).send(stream);
  }
}
