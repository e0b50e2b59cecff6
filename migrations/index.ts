import { Platform1764000000001 } from './1764000000001-platform.js';
import { Tenancy1764000000002 } from './1764000000002-tenancy.js';
import { Licensing1764000000003 } from './1764000000003-licensing.js';
import { Identity1764000000004 } from './1764000000004-identity.js';
import { Billing1764000000005 } from './1764000000005-billing.js';
import { Audit1764000000006 } from './1764000000006-audit.js';

/** The one ordered line of migrations. */
export const MIGRATIONS = [
  Platform1764000000001,
  Tenancy1764000000002,
  Licensing1764000000003,
  Identity1764000000004,
  Billing1764000000005,
  Audit1764000000006,
];
