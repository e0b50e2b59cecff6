import { z } from 'zod';
import { idOf } from '#platform';
import { Instant } from '../service-accounts/instant.js';
import { ScopesInput } from '../service-accounts/scopes.js';
import { ServiceAccountName } from '../use-cases/create-service-account.js';

/** What is asked for. */
export const IssueRequest = z.strictObject({
  tenantId: idOf('ten'),
  name: ServiceAccountName,
  scopes: ScopesInput,
  /** When the key ends; as long as AUTH_API_KEY_DAYS says unless given. */
  keyExpiresAt: Instant.optional().meta({ example: '2027-11-22T10:15:30.000Z' }),
  /** Never used before. */
  nonce: z
    .string()
    .regex(/^[\w-]{16,128}$/, 'must be 16 to 128 letters, digits, - and _')
    .meta({ example: '3q2-7wTz9KfVb1xYpL0aRg' }),
  issuedAt: Instant.meta({ example: '2026-11-22T10:15:30.000Z' }),
});

export const SignedIssueRequest = IssueRequest.extend({
  signature: z
    .string()
    .regex(/^[\x21-\x7e]{1,2100}$/, 'must be a signature like vault:v1:...')
    .meta({ example: 'vault:v1:MEUCIQC7...' }),
});

/**
 * The bytes that are signed: eight lines, none of which can hold a line break. `audience` keeps what was signed for one
 * installation out of another. docs/decisions/service-accounts.md writes it out for those who sign elsewhere.
 */
export function canonicalOf(audience: string, request: z.output<typeof IssueRequest>): Buffer {
  const { tenantId, name, scopes, keyExpiresAt, nonce, issuedAt } = request;
  return Buffer.from(
    [
      'gatehouse service account v1',
      audience,
      tenantId,
      JSON.stringify(name),
      scopes.join(' '),
      keyExpiresAt?.toISOString() ?? '-',
      nonce,
      issuedAt.toISOString(),
    ].join('\n'),
  );
}
