import { z } from 'zod';
import { keyedHash } from '#platform';

/** What a client calls its machine: any text, kept only as a hash. */
export const HardwareId = z.string().min(1).max(256).meta({ example: 'b9f1c0de-laptop-of-ada' });

/** The device behind a hardware id, 16 bytes in hexadecimal, hashed under a key and the tenant (C37). */
export function deviceOf(hardwareKey: Buffer, tenantId: string, hardwareId: string): string {
  return keyedHash(hardwareKey, tenantId, hardwareId).subarray(0, 16).toString('hex');
}
