import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { DeviceClaims } from '../persistence/device-claims.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatDesk } from '../seats/seat-desk.js';

/**
 * Lets a device use one licence only, among those that ask for that: of their product, or of the tenant. Their pools
 * lie in different shards, so Postgres decides.
 */
@Injectable()
export class ClaimDevice {
  constructor(
    private readonly db: Db,
    private readonly claims: DeviceClaims,
    private readonly desk: SeatDesk,
    private readonly clock: Clock,
  ) {}

  /**
   * For a seat that the pool has granted and nobody has been told of: refused, it is to be taken back. A claim comes
   * after its seat, so whoever claims later finds that seat in the way, and of licences that ask at once one keeps the
   * device. Without SQL where a licence shares its devices.
   *
   * Throws 409 `DEVICE_IN_USE`, with the other licence for those who may read licences; 503 when Redis is away.
   */
  async execute(actor: Actor, policy: PoolPolicy, device: string): Promise<void> {
    const { licenseId, productId, tenantId, terms } = policy;
    if (terms.uniqueness === 'license') return;

    const by = { licenseId, productId, uniqueness: terms.uniqueness };
    await this.db.transaction(actor.as({ tenantId }), async () => {
      await this.claims.lock(device);
      const rivals = await this.claims.rivals(device, by);
      for (const { licenseId: rival, bound } of rivals) {
        if (bound || (await this.desk.isHeldBy(rival, device))) throw inUse(actor, rival);
      }
      await this.claims.replace(device, rivals, by, this.clock.now());
    });
  }
}

function inUse(actor: Actor, licenseId: string): DomainError {
  return new DomainError(
    'conflict',
    'DEVICE_IN_USE',
    'This device is in use on another licence, and this one does not share it.',
    actor.scopes.has('licenses:read') ? { details: { licenseId } } : {},
  );
}
