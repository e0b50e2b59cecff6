import { Module } from '@nestjs/common';
import { WebhooksController } from './http/webhooks.controller.js';
import { StripeEvents } from './persistence/stripe-events.js';
import { ReceiveStripeEvent } from './use-cases/receive-stripe-event.js';

@Module({ controllers: [WebhooksController], providers: [StripeEvents, ReceiveStripeEvent] })
export class BillingModule {}
