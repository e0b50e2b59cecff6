import type { TenantRecord } from '#platform';

/** What a tenant takes along of the trail. */
export const TENANT_RECORDS: readonly TenantRecord[] = [
  {
    table: 'audit.entries',
    kind: 'audit_entry',
    key: ['created_at', 'id'],
    columns: [
      'id',
      'created_at',
      'actor_type',
      'actor_id',
      'actor_act',
      'user_id',
      'action',
      'subject',
      'outcome',
      'metadata',
      'address',
      'trace_id',
    ],
  },
];
