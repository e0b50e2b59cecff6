import { Controller, Headers, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint } from '#platform';
import { ReceiveStripeEvent } from '../use-cases/receive-stripe-event.js';

/**
 * Stripe names no limit. A subscription has up to 20 items, each with a price, and each of these up to 50 pairs of metadata
 * of 540 characters (docs.stripe.com/metadata): 1.6 MB, twice where a character takes more than a byte.
 */
const LIMIT_BYTES = 4_194_304;

const ReceivedView = z.object({ received: z.literal(true) });
const StripeEventBody = z.looseObject({ id: z.string(), type: z.string() });

@Controller('/api/v1/billing/webhooks')
export class WebhooksController {
  constructor(private readonly receiveStripeEvent: ReceiveStripeEvent) {}

  @Post('/stripe')
  @Endpoint({
    summary: 'A webhook of Stripe; the signature is checked over the raw bytes',
    access: 'public',
    budget: 'webhooks',
    raw: { limitBytes: LIMIT_BYTES },
    body: StripeEventBody,
    bodyExample: {
      id: 'evt_1PqZ',
      object: 'event',
      type: 'invoice.paid',
      created: 1795336200,
      livemode: false,
    },
    output: ReceivedView,
    example: { received: true },
    refusals: { malformed: ['SIGNATURE_INVALID', 'MALFORMED_REQUEST'] },
  })
  async stripe(
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Headers('stripe-signature') signature: string | undefined,
  ): Promise<z.input<typeof ReceivedView>> {
    await this.receiveStripeEvent.execute(actor, request.rawBody ?? Buffer.alloc(0), signature ?? '');
    return { received: true };
  }
}
