import { ZodError } from 'zod';
import { ConfigError } from '../config/config.js';
import { isConnectionLost } from '../db/connection-lost.js';
import { DomainError } from '../errors/domain-error.js';

/**
 * Runs a program's main function. A configuration that cannot be used, a port in use, a refusal, a part that is
 * away: sentences on standard error and exit code 1, without a stack.
 */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exit(1);
  });
}

function sentenceOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof DomainError) return error.message;
  if (error instanceof ZodError) return error.issues.map(issueOf).join('\n');
  const { code, port, address, stack, message } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
  };
  if (code === 'EADDRINUSE') return `Port ${port} on ${address} is in use; choose another with PORT.`;
  if (code === 'EACCES' && port)
    return `Port ${port} may not be opened by this user; choose another with PORT.`;
  if (isConnectionLost(error)) return `Postgres cannot be reached: ${message || code}.`;
  return stack ?? message ?? String(error);
}

const issueOf = ({ path, message }: ZodError['issues'][number]) => [...path.map(String), message].join(': ');
