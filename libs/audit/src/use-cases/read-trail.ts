import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, type Page, pageOf, validationFailed } from '#platform';
import { Entries, type EntryRow } from '../persistence/entries.js';

export const ReadTrailInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).max(300).optional(),
  action: z
    .string()
    .regex(/^[A-Z_]{1,64}$/, 'must be an action like SEAT_ACQUIRED')
    .meta({ example: 'SEAT_ACQUIRED' })
    .optional(),
});

/** An instant that PostgreSQL takes, and an entry's id. */
const Cursor = z.tuple([
  z.iso.datetime({ precision: 6 }).regex(/^[12]\d{3}/),
  z.string().regex(/^[\w-]{1,80}$/),
]);

/** The trail of the actor's tenant, newest first. */
@Injectable()
export class ReadTrail {
  constructor(private readonly entries: Entries) {}

  /** Throws 403 without `audit:read`, 422 for a cursor that is none. */
  async execute(actor: Actor, input: z.output<typeof ReadTrailInput>): Promise<Page<EntryRow>> {
    actor.must('audit:read');
    const { action, limit, cursor } = input;
    const before = cursor === undefined ? null : readCursor(cursor);
    const rows = await this.entries.page(actor, { action, before, limit: limit + 1 });
    return pageOf(rows, limit, writeCursor);
  }
}

const writeCursor = (row: EntryRow) => Buffer.from(JSON.stringify([row.at, row.id])).toString('base64url');

function readCursor(text: string): { at: string; id: string } {
  try {
    const [at, id] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { at, id };
  } catch {
    // Told below, like every other cursor that is none.
  }
  throw validationFailed([{ path: ['cursor'], message: 'is not a cursor of this list' }]);
}
