import { Platform1764000000001 } from './1764000000001-platform.js';
import { Tenancy1764000000002 } from './1764000000002-tenancy.js';
import { Licensing1764000000003 } from './1764000000003-licensing.js';
import { Identity1764000000004 } from './1764000000004-identity.js';
import { Billing1764000000005 } from './1764000000005-billing.js';
import { Audit1764000000006 } from './1764000000006-audit.js';
import { Catalogue1764000000007 } from './1764000000007-catalogue.js';
import { LicenseAdmin1764000000008 } from './1764000000008-license-admin.js';
import { Seats1764000000009 } from './1764000000009-seats.js';
import { Usage1764000000010 } from './1764000000010-usage.js';
import { Leases1764000000011 } from './1764000000011-leases.js';
import { Desk1764000000012 } from './1764000000012-desk.js';

/** The one ordered line of migrations. */
export const MIGRATIONS = [
  Platform1764000000001,
  Tenancy1764000000002,
  Licensing1764000000003,
  Identity1764000000004,
  Billing1764000000005,
  Audit1764000000006,
  Catalogue1764000000007,
  LicenseAdmin1764000000008,
  Seats1764000000009,
  Usage1764000000010,
  Leases1764000000011,
  Desk1764000000012,
];
