import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Actor } from '#platform';

const Reason = z.string().trim().min(3, 'must say why, in three characters or more').max(500);

/** What operators may do; the verbs themselves live in their contexts. */
const OPERATOR_SCOPES = [
  'operator:tenants',
  'operator:events',
  'operator:licenses',
  'operator:catalogue',
  'operator:billing',
  'operator:service_accounts',
  'operator:users',
];

/**
 * An operator at a command line, known by their name on that machine. The reason goes into the audit trail of
 * whatever they touch.
 *
 * @throws ZodError without a reason.
 */
export function operator(name: string, reason: string): Actor {
  return new Actor({
    type: 'operator',
    id: name,
    tenantId: null,
    scopes: OPERATOR_SCOPES,
    reason: Reason.parse(reason),
    origin: { traceId: randomBytes(16).toString('hex'), address: null },
  });
}
