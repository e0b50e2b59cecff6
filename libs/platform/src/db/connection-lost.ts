import type pg from 'pg';

/** SQLSTATE: class 08 and 57P are lost connections and a server that stops or starts, 53 one that is full (PostgreSQL, appendix A). */
const SQL_STATES = /^(08|57P|53)/;
const SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE']);
/** What pg 8.23, pg-pool and TypeORM say of a connection that went away or could not be had; these carry no code. */
const MESSAGES = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query runner already released',
  'Database connection provided by a query runner was already released',
];

/** Whether Postgres could not be asked, as opposed to having refused what it was asked. */
export function isConnectionLost(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code } = thrown as { code?: unknown };
  if (typeof code === 'string') return SQL_STATES.test(code) || SYSTEM_CODES.has(code);
  return MESSAGES.some((message) => thrown.message.startsWith(message));
}

/**
 * A connection that breaks is replaced at its next use, and whoever was using it hears so from their statement. It
 * emits an error besides, idle (at the pool) or in use (at the connection), which without a listener ends the process.
 */
export function surviveLostConnections(pool: pg.Pool): void {
  const heard = () => undefined;
  pool.on('error', heard);
  pool.on('connect', (client) => client.on('error', heard));
}
