import { z } from 'zod';
import { configOf, ENV_SETTING, setting } from './config.js';

/** What every process needs to know of where it runs. */
export class RuntimeConfig extends configOf('runtime', {
  env: ENV_SETTING,
  logLevel: setting(
    'LOG_LEVEL',
    z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    'How much is logged: debug, info, warn or error.',
  ),
}) {}
