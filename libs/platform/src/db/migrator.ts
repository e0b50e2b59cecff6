import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';

type MigrationClass = new () => MigrationInterface;

/** Two deployments at once: the second waits for the first. Any number, as long as nobody else uses it. */
const LOCK_KEY = 7_264_811;

/** Applies and takes back migrations as the role gatehouse_owner, one at a time across the cluster. */
export class Migrator {
  constructor(
    private readonly url: string,
    private readonly migrations: readonly MigrationClass[],
  ) {}

  /** Applies what is pending, each in a transaction of its own; gives their names. */
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
      extra: { options: '-c role=gatehouse_owner', application_name: 'gatehouse-migrator' },
    });
    await source.initialize();
    const lock = source.createQueryRunner();
    try {
      await lock.query('select pg_advisory_lock($1)', [LOCK_KEY]);
      return await work(source);
    } finally {
      await lock.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => undefined);
      await lock.release();
      await source.destroy();
    }
  }
}
