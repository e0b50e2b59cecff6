import type { TenantRecord } from './tenant-record.js';

const MOVES = 'How events move; what they tell of is in the trail.';

/** The tables of the platform that hold rows of tenants; each after those that it refers to. */
export const PLATFORM_RECORDS: readonly TenantRecord[] = [
  { table: 'platform.dead_letters', withheld: MOVES },
  { table: 'platform.inbox', withheld: MOVES },
  { table: 'platform.outbox', withheld: MOVES },
];
