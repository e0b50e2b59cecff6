import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, type Page, pageOf } from '#platform';
import { type BoundDevice, Devices } from '../persistence/devices.js';
import { Licenses } from '../persistence/licenses.js';
import { DeviceParams } from './unbind-device.js';

export const ReadDevicesInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: DeviceParams.shape.device.optional(),
});

/** The devices that have a place on a node-locked licence. */
@Injectable()
export class ReadDevices {
  constructor(
    private readonly licenses: Licenses,
    private readonly devices: Devices,
  ) {}

  /** A page by device; `nextCursor` is null on the last one. Throws 403 without `seats:read`, 404. */
  async execute(
    actor: Actor,
    licenseId: string,
    { limit, cursor }: z.output<typeof ReadDevicesInput>,
  ): Promise<Page<BoundDevice>> {
    if (!actor.scopes.has('operator:licenses')) actor.must('seats:read');
    await this.licenses.get(actor, licenseId);
    const rows = await this.devices.page(actor, licenseId, cursor ?? null, limit + 1);
    return pageOf(rows, limit, ({ device }) => device);
  }
}
