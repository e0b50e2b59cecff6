import type { TenantRecord } from '#platform';

const SECRET = 'A secret: it opens doors, and nobody can read it.';
const COUNTER = 'A number of the database, by which processes find changes.';

/** What a tenant takes along of sign-ins and of its service accounts; each table after those that it refers to. */
export const TENANT_RECORDS: readonly TenantRecord[] = [
  {
    table: 'identity.auth_sessions',
    kind: 'session',
    key: ['id'],
    columns: [
      'id',
      'user_id',
      'provider',
      'amr',
      'auth_time',
      'begun_at',
      'reauthenticated_at',
      'last_used_at',
      'address',
      'user_agent',
      'device_name',
      'root_id',
      'program_root_id',
      'for_program',
      'trace_id',
      'ended_at',
      'end_reason',
    ],
    withheld: { ended_xid: COUNTER },
  },
  { table: 'identity.refresh_tokens', withheld: SECRET },
  { table: 'identity.token_epochs', withheld: COUNTER },
  {
    table: 'identity.service_accounts',
    kind: 'service_account',
    key: ['id'],
    columns: [
      'id',
      'name',
      'scopes',
      'jwks',
      'status',
      'created_by_type',
      'created_by_id',
      'created_at',
      'last_used_at',
    ],
    withheld: { epoch: COUNTER, changed_xid: COUNTER, changed_at: COUNTER },
  },
  {
    table: 'identity.service_account_tokens',
    kind: 'api_key',
    key: ['id'],
    columns: [
      'id',
      'service_account_id',
      'name',
      'scopes',
      'hint',
      'expires_at',
      'replaced_by',
      'revoked_at',
      'created_by_type',
      'created_by_id',
      'created_at',
      'last_used_at',
    ],
    withheld: { hash: SECRET, pepper: SECRET, changed_xid: COUNTER, changed_at: COUNTER },
  },
  {
    table: 'identity.service_account_tenants',
    withheld: 'How a service account is found before its tenant is known.',
  },
  {
    table: 'identity.user_login_events',
    withheld: 'They are each person’s own, wherever they sign in; the trail tells of sessions that began.',
  },
];
