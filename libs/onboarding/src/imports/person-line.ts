import { z } from 'zod';
import { EmailAddress } from '#identity';
import { idOf } from '#platform';
import { ROLES } from '#tenancy';

/** What is wrong with a line, and in which field; null: the whole line. */
export interface PersonFault {
  line: number;
  field: string | null;
  message: string;
}

const blank = (value: unknown) => (value === '' || value === null ? undefined : value);
const optional = <S extends z.ZodType>(schema: S) => z.preprocess(blank, schema.optional());

const Flag = z.union([
  z.boolean(),
  z.stringbool({ truthy: ['true', '1', 'yes'], falsy: ['false', '0', 'no'] }),
]);
/** A cost above 16 takes seconds a sign-in: whoever chose it did not mean to. */
const BCRYPT = /^\$2[abxy]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/;

/** One person, by the names of the columns or of the keys. */
const Row = z
  .strictObject({
    email: EmailAddress,
    email_verified: optional(Flag).transform((value) => value ?? false),
    display_name: optional(z.string().trim().max(200)),
    password_hash: optional(
      z.string().regex(BCRYPT, 'must be a bcrypt hash of cost 4 to 16: $2b$12$ and 53 characters'),
    ),
    organization_name: optional(z.string().trim().min(1).max(120)),
    tenant_id: optional(idOf('ten')),
    role: optional(z.enum(ROLES)),
  })
  .refine(({ organization_name: name, tenant_id: id }) => (name === undefined) !== (id === undefined), {
    path: ['organization_name'],
    message: 'say either organization_name, for a new one, or tenant_id, for one that is there',
  })
  .refine(({ tenant_id: id, role }) => role === undefined || id !== undefined, {
    path: ['role'],
    message: 'goes with tenant_id; who brings an organization_name owns it',
  });

export type PersonRow = z.output<typeof Row>;
export const PERSON_FIELDS = Object.keys(Row.shape);

/** The row that a line's fields say, or everything that is wrong with them. */
export function parsePerson(line: number, fields: unknown): { row: PersonRow } | { faults: PersonFault[] } {
  const parsed = Row.safeParse(fields);
  if (parsed.success) return { row: parsed.data };
  return {
    faults: parsed.error.issues.map(({ path, message }) => ({
      line,
      field: path.length > 0 ? path.join('.') : null,
      message,
    })),
  };
}
