import { z } from 'zod';
import { normalizeLicenseKey, parseLicenseKey } from '#sdk/formats';

/** A key of either form without a mistake, as it is stored. */
export const SoundKey = z
  .string()
  .max(128)
  .refine((text) => parseLicenseKey(text) !== null, 'must be a licence key, without a mistake')
  .transform(normalizeLicenseKey);
