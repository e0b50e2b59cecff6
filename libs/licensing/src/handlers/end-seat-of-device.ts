import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { DeviceUnbound } from '../events/index.js';
import { EndSeats, enderIn } from '../use-cases/end-seats.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';

/** The seat of a device ends with its place, also when Redis was away as the place was given up. */
@Injectable()
@Handles('licensing.end-seat-of-device', DeviceUnbound, 'effect')
export class EndSeatOfDevice implements EventHandler<typeof DeviceUnbound> {
  constructor(
    private readonly endSeats: EndSeats,
    private readonly loadPolicy: LoadPoolPolicy,
  ) {}

  async handle(event: DeliveredEvent<typeof DeviceUnbound>): Promise<void> {
    const { tenantId, payload } = event;
    const place = { tenantId, licenseId: payload.licenseId };
    const { devices } = await this.loadPolicy.execute(Actor.system(tenantId, event.traceId), place);
    if (devices.includes(payload.device)) return;
    await this.endSeats.ofDevice(place, payload.device, 'device_unbound', enderIn(event));
  }
}
