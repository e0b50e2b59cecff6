import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { AddressLost } from '../events/index.js';
import { DisplaceClaimants } from '../use-cases/displace-claimants.js';
import { whoDid } from './end-outdated-sessions.js';

/** Takes password and sessions from who only claimed an address, also where the process that had its proof did not. */
@Injectable()
@Handles('identity.displace-claimant', AddressLost, 'effect')
export class DisplaceClaimant implements EventHandler<typeof AddressLost> {
  constructor(private readonly displaceClaimants: DisplaceClaimants) {}

  async handle(event: DeliveredEvent<typeof AddressLost>): Promise<void> {
    await this.displaceClaimants.one(whoDid(event), event.payload);
  }
}
