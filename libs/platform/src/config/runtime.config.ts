import { z } from 'zod';
import { configOf, ENVIRONMENTS, setting } from './config.js';

/** What every process needs to know of where it runs. */
export class RuntimeConfig extends configOf('runtime', {
  env: setting('ENV', z.enum(ENVIRONMENTS), 'Which guards are on: local, test, staging or production.'),
  logLevel: setting(
    'LOG_LEVEL',
    z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    'How much is logged: debug, info, warn or error.',
  ),
}) {}
