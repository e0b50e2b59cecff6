import { z } from 'zod';
import { idOf } from '#platform';
import { Metadata } from '../use-cases/issue-tenant-license.js';
import { PlanName } from '../use-cases/change-license-plan.js';
import { PolicyName } from '../use-cases/change-license-policy.js';
import { SoundKey } from '../use-cases/license-key-input.js';

export const IMPORT_COLUMNS = ['tenant_id', 'plan', 'policy', 'key', 'name', 'seats', 'expires_at'] as const;
export const METADATA_COLUMN = 'metadata.';

/** What is wrong with a line, and in which column; null: the whole line. */
export interface ImportFault {
  line: number;
  column: string | null;
  message: string;
}

const blank = (text: unknown) => (text === '' ? undefined : text);
const optional = <S extends z.ZodType>(schema: S) => z.preprocess(blank, schema.optional());

const Seats = z.string().transform((text, context) => {
  if (text === 'unlimited') return null;
  const seats = Number(text);
  if (/^\d{1,7}$/.test(text) && seats <= 1_000_000) return seats;
  context.addIssue('must be a number up to 1000000, or unlimited');
  return z.NEVER;
});

const ExpiresAt = z.string().transform((text, context) => {
  if (text === 'never') return null;
  if (z.iso.datetime({ offset: true }).safeParse(text).success || z.iso.date().safeParse(text).success)
    return new Date(text);
  context.addIssue('must be a date like 2027-01-31 or 2027-01-31T12:00:00Z, or never');
  return z.NEVER;
});

/** One line, by the names of its columns. What is empty is left out. */
const Row = z
  .object({
    tenant_id: idOf('ten'),
    plan: optional(PlanName),
    policy: optional(PolicyName),
    key: optional(SoundKey),
    name: optional(z.string().max(120)),
    seats: optional(Seats),
    expires_at: optional(ExpiresAt),
    metadata: Metadata,
  })
  .refine(({ plan, policy }) => plan !== undefined || policy !== undefined, {
    path: ['plan'],
    message: 'say a plan or a policy',
  });
export type ImportRow = z.output<typeof Row>;

/** The row that a line's fields say, or everything that is wrong with them. */
export function parseRow(
  line: number,
  fields: Readonly<Record<string, string>>,
): { row: ImportRow } | { faults: ImportFault[] } {
  const entries = Object.entries(fields);
  const unstorable = entries.filter(([, text]) => text.includes('\0'));
  if (unstorable.length > 0) {
    return { faults: unstorable.map(([column]) => ({ line, column, message: 'must not contain NUL' })) };
  }
  const metadata = entries
    .filter(([column, text]) => column.startsWith(METADATA_COLUMN) && text !== '')
    .map(([column, text]) => [column.slice(METADATA_COLUMN.length), text]);
  const parsed = Row.safeParse({ ...fields, metadata: Object.fromEntries(metadata) });
  if (parsed.success) return { row: parsed.data };
  return {
    faults: parsed.error.issues.map(({ path, message }) => ({
      line,
      column: path.join('.') || null,
      message,
    })),
  };
}
