import type { LoggerService } from '@nestjs/common';
import pino from 'pino';

/** Injected as `Log`: structured JSON lines on standard output. */
export abstract class Log {
  abstract debug(fields: object, message: string): void;
  abstract info(fields: object, message: string): void;
  abstract warn(fields: object, message: string): void;
  abstract error(fields: object, message: string): void;
}

/** Whatever is called so is never written, at the top of a line or one level below. */
const SECRET_FIELDS = new Set([
  'authorization',
  'cookie',
  'password',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'license_key',
  'licenseKey',
  'secret',
  'session_id',
]);

/** Pino's own redaction copies every line first, which takes a fourteenth of a heartbeat. */
function masked(line: Record<string, unknown>, isTop = true): Record<string, unknown> {
  let copy: Record<string, unknown> | null = null;
  for (const name of Object.keys(line)) {
    const value = line[name];
    const safe = SECRET_FIELDS.has(name)
      ? '[masked]'
      : isTop && isPlain(value)
        ? masked(value, false)
        : value;
    if (safe !== value) (copy ??= { ...line })[name] = safe;
  }
  return copy ?? line;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);

export interface LoggerOptions {
  process: string;
  level: string;
}

/**
 * One JSON object a line on standard output, secrets masked. Lines are buffered (a synchronous write costs
 * more than the rest of a request) and flushed twice a second and on exit.
 */
export function createLog(options: LoggerOptions): Log & { flush(): void } {
  const destination = pino.destination({ dest: 1, sync: false, minLength: 8_192 });
  const flushing = setInterval(() => destination.flush(), 500);
  flushing.unref();
  process.on('exit', () => {
    try {
      destination.flushSync();
    } catch {
      // Standard output is gone; there is nobody to tell.
    }
  });

  return pino(
    {
      level: options.level,
      base: { process: options.process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (line) => masked(line) },
      serializers: { error: describeError },
    },
    destination,
  );
}

/** An error as a log line holds it; the log does this itself with the field `error`. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error))
    return typeof error === 'object' && error ? error : { type: typeof error, message: String(error) };
  return { type: error.name, message: error.message, stack: error.stack };
}

/** Nest's own lines, in the same form. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  log(message: unknown, context?: string): void {
    // Nest tells of every module and route it maps; that is for the debugging of Nest.
    this.target.debug({ context }, String(message));
  }

  warn(message: unknown, context?: string): void {
    this.target.warn({ context }, String(message));
  }

  error(message: unknown, stack?: string, context?: string): void {
    const error = message instanceof Error ? message : { message, stack };
    this.target.error({ context, error }, message instanceof Error ? message.message : String(message));
  }

  debug(message: unknown, context?: string): void {
    this.target.debug({ context }, String(message));
  }
}
