import { z } from 'zod';
import { configOf, setting, whole } from '#platform';

/** Where the worker's probes listen. */
export class WorkerConfig extends configOf('worker', {
  host: setting(
    'WORKER_HOST',
    z.string().default('127.0.0.1'),
    'The address the probes of the worker listen on.',
  ),
  port: setting('WORKER_PORT', whole(0, 65_535).default(3001), 'The port of the probes; 0 takes a free one.'),
}) {}
