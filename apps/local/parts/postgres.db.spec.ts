import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from './postgres.js';

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

describe('a PostgreSQL of our own', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postgres-'));

  it('asks for its password, keeps its data over a kill, and leaves nothing when removed', async () => {
    // Not flushed, but handed to the system with each commit: it survives us, not the machine.
    const first = await startPostgres({ directory, durable: false, settings: { synchronous_commit: 'on' } });
    const stranger = new URL(first.adminUrl);
    stranger.password = 'guess';
    await expect(ask(stranger.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    expect(await ask(first.adminUrl, 'show shared_preload_libraries')).toBe('pg_stat_statements');
    expect(await ask(first.adminUrl, 'show fsync')).toBe('off');
    await ask(first.adminUrl, 'create table kept as select 7 as n');
    await first.kill();

    const second = await startPostgres({ directory, durable: false, port: first.port });
    expect(await ask(second.adminUrl, 'select n from kept')).toBe(7);
    await second.stop();
    expect(() => process.kill(second.pid, 0)).toThrow();
    second.remove();
    expect(existsSync(directory)).toBe(false);
  });
});
