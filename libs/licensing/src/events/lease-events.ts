import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

/** A machine without a network got a lease by file. */
export const LicenseActivatedOffline = defineEvent(
  'licensing.license.activated_offline',
  1,
  z.strictObject({
    licenseId: idOf('lic'),
    /** The keyed hash of what its leases call the machine (C37). */
    device: z.string(),
    until: z.iso.datetime({ offset: true }),
  }),
);
