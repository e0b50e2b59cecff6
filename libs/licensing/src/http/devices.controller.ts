import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { ReadDevices, ReadDevicesInput } from '../use-cases/read-devices.js';
import { LicenseParams } from '../use-cases/read-licenses.js';
import { DeviceParams, UnbindDevice } from '../use-cases/unbind-device.js';
import { DEVICE_EXAMPLE, DevicePage, UnboundView } from './desk.view.js';

/** The devices of node-locked licences. */
@Controller('/api/v1/licenses/:license_id/devices')
export class DevicesController {
  constructor(
    private readonly readDevices: ReadDevices,
    private readonly unbindDevice: UnbindDevice,
  ) {}

  @Get()
  @Endpoint({
    summary: 'The devices that have a place on a node-locked licence',
    access: 'bearer',
    services: true,
    output: DevicePage,
    example: { data: [DEVICE_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  list(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(LicenseParams) }) { licenseId }: z.output<typeof LicenseParams>,
    @Query({ schema: wire(ReadDevicesInput) }) input: z.output<typeof ReadDevicesInput>,
  ): Promise<z.input<typeof DevicePage>> {
    return this.readDevices.execute(actor, licenseId, input);
  }

  @Delete('/:device')
  @Endpoint({
    summary: 'Take a device off a node-locked licence; its seat ends, its place is free',
    access: 'bearer',
    services: true,
    output: UnboundView,
    example: { status: 'unbound' },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'], unavailable: ['SEATS_UNAVAILABLE'] },
  })
  async unbind(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(DeviceParams) }) input: z.output<typeof DeviceParams>,
  ): Promise<z.input<typeof UnboundView>> {
    await this.unbindDevice.execute(actor, input);
    return { status: 'unbound' };
  }
}
