import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** RFC 1035 label length; slugs become host names one day. */
const MAX_LENGTH = 63;
const SUFFIX_LENGTH = 7;

/** One as somebody chooses it. */
export const Slug = z
  .string()
  .min(2)
  .max(MAX_LENGTH)
  // eslint-disable-next-line security/detect-unsafe-regex -- a hyphen is in no other part, so there is one way to match
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be lower-case letters, digits and single hyphens')
  .meta({ example: 'acme-tools' });

/** The slug a name suggests: lower-case ASCII letters, digits and single hyphens; `team` when nothing is left. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH - SUFFIX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return slug || 'team';
}

/** The same slug with six random hexadecimal digits, for when it is taken. */
export const suffixed = (slug: string): string => `${slug}-${randomBytes(3).toString('hex')}`;
