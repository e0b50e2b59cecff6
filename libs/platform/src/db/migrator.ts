import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';

type MigrationClass = new () => MigrationInterface;

/** Two deployments at once: the second waits for the first. Any number, as long as nobody else uses it. */
const LOCK_KEY = 7_264_811;
/** Behind a migration that waits for a lock of a table everybody waits, readers too: it fails instead, and is said again. */
const LOCK_WAIT_MS = 5_000;

/** Applies and takes back migrations as the role gatehouse_owner, one at a time across the cluster. */
export class Migrator {
  constructor(
    private readonly url: string,
    private readonly migrations: readonly MigrationClass[],
    private readonly lockWaitMs = LOCK_WAIT_MS,
  ) {}

  /**
   * Applies what is pending, each in a transaction of its own; gives their names. Throws when one does not get a lock of
   * Postgres's in time; what came before it stays.
   */
  async up(): Promise<string[]> {
    return this.locked(async (source) =>
      (await source.runMigrations({ transaction: 'each' })).map((one) => one.name),
    );
  }

  /** Takes back the last `count` migrations, newest first; gives their names. */
  async down(count: number): Promise<string[]> {
    return this.locked(async (source) => {
      const names: string[] = [];
      for (let taken = 0; taken < count; taken++) {
        const [last] = await source.query<{ name: string }[]>(
          'select name from public.migrations order by id desc limit 1',
        );
        if (!last) break;
        await source.undoLastMigration({ transaction: 'each' });
        names.push(last.name);
      }
      return names;
    });
  }

  private async locked<T>(work: (source: DataSource) => Promise<T>): Promise<T> {
    const source = new DataSource({
      type: 'postgres',
      driver: pg,
      url: this.url,
      migrations: [...this.migrations],
      migrationsTableName: 'migrations',
      installExtensions: false,
      poolSize: 2,
      extra: {
        options: `-c role=gatehouse_owner -c lock_timeout=${this.lockWaitMs}`,
        application_name: 'gatehouse-migrator',
      },
    });
    await source.initialize();
    const lock = source.createQueryRunner();
    try {
      // The other deployment takes as long as it takes.
      await lock.query('set lock_timeout = 0');
      await lock.query('select pg_advisory_lock($1)', [LOCK_KEY]);
      return await work(source);
    } finally {
      await lock.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => undefined);
      await lock.release();
      await source.destroy();
    }
  }
}
