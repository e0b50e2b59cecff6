import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, idOf, notFound } from '#platform';
import { Licenses } from '../persistence/licenses.js';
import { EndSeats, enderOf } from './end-seats.js';
import { SeatName } from './list-seats.js';
import { mayManage } from './manage-scope.js';

export const FreeSeatInput = z.strictObject({ licenseId: idOf('lic'), seatId: SeatName });

/** Takes a seat from whoever holds it; it ends for good, and its place is free. People may free their own. */
@Injectable()
export class FreeSeat {
  constructor(
    private readonly licenses: Licenses,
    private readonly endSeats: EndSeats,
  ) {}

  /** Throws 403 without `licenses:manage` for a seat that is not the actor's own, 404 for one that is not held, 503. */
  async execute(actor: Actor, { licenseId, seatId }: z.output<typeof FreeSeatInput>): Promise<void> {
    const own = actor.type === 'user' && !mayManage(actor) ? actor.id : null;
    if (!mayManage(actor) && own === null) actor.must('licenses:manage');
    await this.licenses.get(actor, licenseId);

    const place = { tenantId: actor.tenantId ?? '', licenseId };
    const isFreed = await this.endSeats.one(place, { seat: seatId, user: own ?? '' }, enderOf(actor));
    if (isFreed) return;
    // Whoever may free only their own learns nothing of others' seats.
    if (own !== null) actor.must('licenses:manage');
    throw notFound('seat');
  }
}
