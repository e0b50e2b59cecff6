import { Injectable } from '@nestjs/common';
import type { Actor, DomainError } from '#platform';
import type { SeatGrant } from '../seats/session-id.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';
import type { Place } from '../use-cases/place.js';
import { refuseBlocked } from '../use-cases/seat-answers.js';
import { leaseDeviceOf } from './lease-device.js';
import { LeaseSlots } from './lease-slots.js';
import { Leases } from './leases.js';

/** Refusals of a blocked licence with the issuer's signed word on it: nothing else takes a licence from a client. */
@Injectable()
export class SignedRefusals {
  constructor(
    private readonly leases: Leases,
    private readonly slots: LeaseSlots,
    private readonly loadPolicy: LoadPoolPolicy,
  ) {}

  /** Of a machine that asks for a seat. */
  async ofMachine(actor: Actor, place: Place, why: string, hardwareId: string): Promise<DomainError> {
    return this.refuse(actor, place, why, leaseDeviceOf(hardwareId));
  }

  /** Of a seat that beats: it names its machine as seats do, and a lease it holds tells what leases call that. */
  async ofSeat(actor: Actor, grant: SeatGrant, why: string): Promise<DomainError> {
    const owner = actor.as({ tenantId: grant.tenantId });
    const device = await this.slots.leaseDeviceOf(owner, grant.licenseId, grant.device).catch(() => null);
    return this.refuse(actor, grant, why, device);
  }

  private async refuse(actor: Actor, place: Place, why: string, device: string | null): Promise<DomainError> {
    const lease = device && (await this.word(actor, place, device));
    return refuseBlocked(why, lease ? { lease } : undefined);
  }

  /** Null when it cannot be had now: the refusal stands without it, and clients go on asking. */
  private async word(actor: Actor, place: Place, device: string): Promise<string | null> {
    try {
      return await this.leases.ofBlocked(actor, await this.loadPolicy.known(actor, place), device);
    } catch {
      return null;
    }
  }
}
