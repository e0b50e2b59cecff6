import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf, notFound, occurred } from '#platform';
import { DeviceUnbound } from '../events/index.js';
import { Devices } from '../persistence/devices.js';
import { Licenses } from '../persistence/licenses.js';
import { EndSeats, enderOf } from './end-seats.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import { mustManage } from './manage-scope.js';

export const DeviceParams = z.strictObject({
  licenseId: idOf('lic'),
  device: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be a device as the list of devices names it')
    .meta({ example: '5f3c9a1e7b2d48c60a9be4d1f7c35a82' }),
});

/** Takes a device off a node-locked licence: its seat ends, and its place is free for another. */
@Injectable()
export class UnbindDevice {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly devices: Devices,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly endSeats: EndSeats,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403 without `licenses:manage`, 404. When Redis is away the device is unbound, its seat ends as soon as Redis
   * is back, and this throws 503.
   */
  async execute(actor: Actor, { licenseId, device }: z.output<typeof DeviceParams>): Promise<void> {
    mustManage(actor);

    await this.db.transaction(actor, async () => {
      const license = await this.licenses.lock(licenseId);
      if (!(await this.devices.unbind(licenseId, device))) throw notFound('device');
      const now = this.clock.now();
      this.db.record([occurred(DeviceUnbound, { licenseId, device }, now)]);
      license.touch(now);
      await this.licenses.save(license);
    });
    const place = { tenantId: actor.tenantId ?? '', licenseId };
    await this.loadPolicy.execute(actor, place);
    await this.endSeats.ofDevice(place, device, 'device_unbound', enderOf(actor));
  }
}
