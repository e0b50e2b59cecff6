import { UsageLedger } from '../persistence/usage-ledger.js';
import { CountUse } from './count-use.js';
import { MeteredLicenses } from './metered-licenses.js';
import { QuotaCounter } from './quota-counter.js';
import { QuotaRemainders } from './quota-remainders.js';
import { RestoreCounts } from './restore-counts.js';

/** Counting, for the use cases, the leases and {@link Meter}. */
export const QUOTAS = [UsageLedger, QuotaCounter, MeteredLicenses, RestoreCounts, CountUse, QuotaRemainders];
