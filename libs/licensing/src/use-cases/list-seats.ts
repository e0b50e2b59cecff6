import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, idOf, type Page, validationFailed } from '#platform';
import { Licenses } from '../persistence/licenses.js';
import { type PlacedSeat, SeatDesk, type SeatMark } from '../seats/seat-desk.js';

export const ListSeatsInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).max(200).optional(),
});

export const SeatName = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'must be a seat as the list of seats names it')
  .meta({ example: '9b1d4f6a0c8e2735d1f0a4b6c8e29173' });

/** Seats that stay with a device that released them are not listed, and a page may end at one: ~. */
const Cursor = z.tuple([idOf('usr').nullable(), z.string().regex(/^~?[0-9a-f]{32}$/)]);

/** Who holds what of a licence now. */
@Injectable()
export class ListSeats {
  constructor(
    private readonly licenses: Licenses,
    private readonly desk: SeatDesk,
  ) {}

  /**
   * By person and seat; without `seats:read` a person's own. A page may hold fewer than `limit`; `nextCursor` is null on
   * the last. Throws 403 `MISSING_SCOPE`, 404, 422 for a cursor that is none, 503 `SEATS_UNAVAILABLE`.
   */
  async execute(
    actor: Actor,
    licenseId: string,
    { limit, cursor }: z.output<typeof ListSeatsInput>,
  ): Promise<Page<PlacedSeat & { own: boolean }>> {
    const user = onlyOwn(actor) ? actor.id : null;
    const after = cursor === undefined ? null : readCursor(cursor);
    await this.licenses.get(actor, licenseId);

    const { seats, next } = await this.desk.page(licenseId, { user, after, limit });
    return {
      data: seats.map((seat) => ({ ...seat, own: isOwn(actor, seat) })),
      nextCursor: next && writeCursor(next),
    };
  }
}

/** Throws 403 for who may see none at all. */
function onlyOwn(actor: Actor): boolean {
  if (actor.scopes.has('seats:read') || actor.scopes.has('operator:licenses')) return false;
  if (actor.type !== 'user' || !actor.scopes.has('seats:acquire')) actor.must('seats:read');
  return true;
}

const isOwn = (actor: Actor, { userId }: PlacedSeat) => actor.type === 'user' && userId === actor.id;

const writeCursor = ({ userId, seatId }: SeatMark) =>
  Buffer.from(JSON.stringify([userId, seatId])).toString('base64url');

function readCursor(text: string): SeatMark {
  try {
    const [userId, seatId] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { userId, seatId };
  } catch {
    // Told below, like every other cursor that is none.
  }
  throw validationFailed([{ path: ['cursor'], message: 'is not a cursor of this list' }]);
}
