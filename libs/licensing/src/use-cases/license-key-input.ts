import { z } from 'zod';
import { normalizeLicenseKey, parseLicenseKey } from '#sdk/formats';

/** Whatever somebody takes for a key: a mistake in it is for the lookup to tell. */
export const LicenseKeyInput = z.string().min(1).max(128).meta({ example: 'GH-FREE-0123456789AB-3A5F' });

/** A key of either form without a mistake, as it is stored. */
export const SoundKey = z
  .string()
  .max(128)
  .refine((text) => parseLicenseKey(text) !== null, 'must be a licence key, without a mistake')
  .transform(normalizeLicenseKey);
