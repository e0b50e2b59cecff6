import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '#platform';
import { LicenseDirectory } from '../persistence/license-directory.js';
import { FreeSeat } from './free-seat.js';
import { ListSeats, type ListSeatsInput } from './list-seats.js';
import { ReadDevices, type ReadDevicesInput } from './read-devices.js';
import { ReadSeatStatistics, type SeatStatisticsInput } from './read-seat-statistics.js';
import { UnbindDevice } from './unbind-device.js';

/** The desk for operators, who name a licence of any tenant by its id or its key. Each throws 404 for none. */
@Injectable()
export class OperateDesk {
  constructor(
    private readonly directory: LicenseDirectory,
    private readonly listSeats: ListSeats,
    private readonly freeSeat: FreeSeat,
    private readonly readDevices: ReadDevices,
    private readonly unbindDevice: UnbindDevice,
    private readonly readStatistics: ReadSeatStatistics,
  ) {}

  async seats(operator: Actor, license: string, page: z.output<typeof ListSeatsInput>) {
    const { actor, licenseId } = await this.at(operator, license);
    return this.listSeats.execute(actor, licenseId, page);
  }

  async free(operator: Actor, license: string, seatId: string): Promise<void> {
    const { actor, licenseId } = await this.at(operator, license);
    await this.freeSeat.execute(actor, { licenseId, seatId });
  }

  async statistics(operator: Actor, license: string, span: z.output<typeof SeatStatisticsInput>) {
    const { actor, licenseId } = await this.at(operator, license);
    return this.readStatistics.execute(actor, licenseId, span);
  }

  async devices(operator: Actor, license: string, page: z.output<typeof ReadDevicesInput>) {
    const { actor, licenseId } = await this.at(operator, license);
    return this.readDevices.execute(actor, licenseId, page);
  }

  async unbind(operator: Actor, license: string, device: string): Promise<void> {
    const { actor, licenseId } = await this.at(operator, license);
    await this.unbindDevice.execute(actor, { licenseId, device });
  }

  private async at(operator: Actor, license: string): Promise<{ actor: Actor; licenseId: string }> {
    operator.must('operator:licenses');
    const { tenantId, licenseId } = await this.directory.place(license);
    return { actor: operator.as({ tenantId }), licenseId };
  }
}
