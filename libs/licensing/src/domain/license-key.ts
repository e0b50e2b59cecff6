import { formatLicenseKey, type LicenseType } from '#sdk/formats';

/** HASH12 of a key: 48 bits. */
export const HASH12_BYTES = 6;

/** A typed key whose HASH12 is the first of `bytes`. */
export const newLicenseKey = (brand: string, type: LicenseType, bytes: Uint8Array): string => {
  const hash12 = Buffer.from(bytes).subarray(0, HASH12_BYTES).toString('hex').toUpperCase();
  return formatLicenseKey({ brand, type, hash12 });
};
