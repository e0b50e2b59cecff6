import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { LicenseUnassigned } from '../events/index.js';
import { EndSeats, enderIn } from '../use-cases/end-seats.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';

/** Whoever is taken off a licence loses the seats they have on it. */
@Injectable()
@Handles('licensing.free-seats-of-user', LicenseUnassigned, 'effect')
export class FreeSeatsOfUser implements EventHandler<typeof LicenseUnassigned> {
  constructor(
    private readonly endSeats: EndSeats,
    private readonly loadPolicy: LoadPoolPolicy,
  ) {}

  async handle(event: DeliveredEvent<typeof LicenseUnassigned>): Promise<void> {
    const { tenantId, payload } = event;
    const place = { tenantId, licenseId: payload.licenseId };
    // The pool knows first that the person is gone, or a seat that ends here would be followed by another.
    const { users } = await this.loadPolicy.execute(Actor.system(tenantId, event.traceId), place);
    if (users.includes(payload.userId)) return;
    await this.endSeats.ofUser(place, payload.userId, 'user_removed', enderIn(event));
  }
}
