import type { TenantRecord } from '#platform';

/** What a tenant takes along of itself and its members; each table after those that it refers to. */
export const TENANT_RECORDS: readonly TenantRecord[] = [
  {
    table: 'tenancy.tenants',
    kind: 'tenant',
    key: [],
    columns: [
      'name',
      'slug',
      'plan',
      'max_seats',
      'status',
      'second_factor_required',
      'revision',
      'created_at',
    ],
    withheld: { status_xid: 'A number of the database, by which processes find changes.' },
  },
  {
    table: 'tenancy.memberships',
    kind: 'membership',
    key: ['id'],
    columns: ['id', 'user_id', 'role', 'created_at'],
  },
  { table: 'tenancy.slugs', withheld: 'How a tenant is found by its slug, which is in its own line.' },
  { table: 'tenancy.user_tenants', withheld: 'The memberships once more, by person.' },
];
