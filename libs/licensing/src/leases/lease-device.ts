import { createHash } from 'node:crypto';
import { keyedHash } from '#platform';
import { deviceMessage } from '#sdk/formats';

/** What leases call a machine: its client computes the same from its hardware id. Not for storage (C37). */
export const leaseDeviceOf = (hardwareId: string): string =>
  createHash('sha256').update(deviceMessage(hardwareId)).digest('hex');

/** A device of leases as it is stored, keyed per tenant: told apart from the hash that seats use. */
export const slotDeviceOf = (hardwareKey: Buffer, tenantId: string, leaseDevice: string): string =>
  keyedHash(hardwareKey, tenantId, 'lease', leaseDevice).subarray(0, 16).toString('hex');
