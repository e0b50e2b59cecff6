import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, validationFailed } from '#platform';
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
  async execute(
    actor: Actor,
    input: z.output<typeof ReadTrailInput>,
  ): Promise<{ data: EntryRow[]; nextCursor: string | null }> {
    actor.must('audit:read');
    const before = input.cursor === undefined ? null : readCursor(input.cursor);
    const rows = await this.entries.page(actor, { action: input.action, before, limit: input.limit + 1 });
    const data = rows.slice(0, input.limit);
    const last = data.at(-1);
    return { data, nextCursor: rows.length > input.limit && last ? writeCursor(last) : null };
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
