import { z } from 'zod';
import { configOf, flag, secret, setting } from '../config/config.js';
import { isPattern } from '../config/made-up.js';

/** Who may read /metrics. With ENV=local and test everybody may. */
export class MetricsConfig extends configOf('metrics', {
  token: secret(
    'METRICS_TOKEN',
    z
      .string()
      .min(16, 'must be at least 16 characters')
      .max(500)
      .refine((token) => !isPattern(token), 'must be random; make one with `openssl rand -hex 32`')
      .optional(),
    'The bearer that /metrics asks for in staging and production.',
  ),
  isPublic: setting('METRICS_PUBLIC', flag(false), 'Opens /metrics to everybody who reaches it.'),
}) {}
