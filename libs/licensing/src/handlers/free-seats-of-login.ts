import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { SessionEnded } from '#identity/events';
import { EndSeats, enderIn } from '../use-cases/end-seats.js';

/** Signing out gives back what was acquired with that sign-in (C3). */
@Injectable()
@Handles('licensing.free-seats-of-login', SessionEnded, 'effect')
export class FreeSeatsOfLogin implements EventHandler<typeof SessionEnded> {
  constructor(private readonly endSeats: EndSeats) {}

  async handle(event: DeliveredEvent<typeof SessionEnded>): Promise<void> {
    await this.endSeats.ofLogin(event.tenantId, event.payload, enderIn(event));
  }
}
