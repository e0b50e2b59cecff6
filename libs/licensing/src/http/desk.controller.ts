import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { FreeSeat, FreeSeatInput } from '../use-cases/free-seat.js';
import { ListSeats, ListSeatsInput } from '../use-cases/list-seats.js';
import { LicenseParams } from '../use-cases/read-licenses.js';
import { ReadSeatStatistics, SeatStatisticsInput } from '../use-cases/read-seat-statistics.js';
import {
  FreedView,
  PLACED_SEAT_EXAMPLE,
  PlacedSeatPage,
  SEAT_DAY_EXAMPLE,
  SeatStatisticsView,
} from './desk.view.js';

/** Who holds what, for the people of the tenant. */
@Controller('/api/v1/licenses/:license_id/seats')
export class DeskController {
  constructor(
    private readonly listSeats: ListSeats,
    private readonly freeSeat: FreeSeat,
    private readonly readStatistics: ReadSeatStatistics,
  ) {}

  @Get()
  @Endpoint({
    summary: 'Who holds a seat now; without seats:read a person sees their own',
    access: 'bearer',
    services: true,
    output: PlacedSeatPage,
    example: { data: [PLACED_SEAT_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'], unavailable: ['SEATS_UNAVAILABLE'] },
  })
  async list(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(LicenseParams) }) { licenseId }: z.output<typeof LicenseParams>,
    @Query({ schema: wire(ListSeatsInput) }) input: z.output<typeof ListSeatsInput>,
  ): Promise<z.input<typeof PlacedSeatPage>> {
    const { data, nextCursor } = await this.listSeats.execute(actor, licenseId, input);
    return { data: data.map(({ seatId, ...seat }) => ({ id: seatId, ...seat })), nextCursor };
  }

  @Get('/statistics')
  @Endpoint({
    summary: 'How seats were used, day by day in UTC; from the ledger',
    access: 'bearer',
    services: true,
    output: SeatStatisticsView,
    example: { data: [SEAT_DAY_EXAMPLE] },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async statistics(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(LicenseParams) }) { licenseId }: z.output<typeof LicenseParams>,
    @Query({ schema: wire(SeatStatisticsInput) }) input: z.output<typeof SeatStatisticsInput>,
  ): Promise<z.input<typeof SeatStatisticsView>> {
    return { data: await this.readStatistics.execute(actor, licenseId, input) };
  }

  @Delete('/:seat_id')
  @Endpoint({
    summary: 'Free a seat for good; people may free their own',
    access: 'bearer',
    services: true,
    output: FreedView,
    example: { status: 'freed' },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'], unavailable: ['SEATS_UNAVAILABLE'] },
  })
  async free(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(FreeSeatInput) }) input: z.output<typeof FreeSeatInput>,
  ): Promise<z.input<typeof FreedView>> {
    await this.freeSeat.execute(actor, input);
    return { status: 'freed' };
  }
}
