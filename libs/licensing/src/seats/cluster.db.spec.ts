import { Redis } from 'ioredis';
import type pg from 'pg';
import { eventually } from '../../../../test/support/eventually.js';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testCluster, type TestCluster } from '../../../../test/support/redis-cluster.js';
import { superuser } from '../../../../test/support/tables.js';
import { aDevice } from '../testing/seat-bench.js';
import { SeatProcess } from '../testing/seat-process.js';
import type { Place } from '../use-cases/place.js';
import { shardOf, SHARDS } from './pool-keys.js';

describe('seats on a Redis Cluster', () => {
  let database: TestDatabase;
  let cluster: TestCluster;
  let admin: pg.Client;
  let process: SeatProcess;
  let worker: ReturnType<SeatProcess['worker']>;
  /** A licence in every shard. */
  const places = new Map<number, Place>();

  beforeAll(async () => {
    [database, cluster] = await Promise.all([testDatabase(), testCluster()]);
    admin = await superuser(database);
    const [first, second] = cluster.nodes.map((node) => node.url);
    process = await SeatProcess.open({
      database,
      redisUrl: first!,
      times: { ttl: 60_000, returnsAfter: 0 },
      settings: { REDIS_SEATS_URL: `${first},${second}`, REDIS_SEATS_CLUSTER: 'true' },
    });
    worker = process.worker();
    await eventually(() => worker.watch.turn().then(() => true));
    while (places.size < SHARDS) {
      const place = await process.license({ seats: 1 });
      places.set(shardOf(place.licenseId), place);
    }
  });
  afterAll(async () => {
    await process?.close();
    await admin?.end();
    await Promise.all([database?.drop(), cluster?.drop()]);
  });

  it('are taken, kept, lapsed and given back in every shard, and all of it is drained', async () => {
    for (const place of places.values()) {
      const { grant } = await process.take(place, aDevice());
      await expect(process.take(place, aDevice())).rejects.toMatchObject({ code: 'SEATS_EXHAUSTED' });
      expect(await process.keep(grant)).toMatchObject({ held: { used: 1, max: 1 } });
      expect(await process.giveBack(grant)).toBe(true);
      expect(await process.keep(grant)).toEqual({ gone: true });
    }
    while ((await worker.drain.drain()) > 0);
    await worker.drain.sweep();
    const { rows } = await admin.query<{ license_id: string; told: string[] }>(
      'select license_id, array_agg(change order by at, ledger_id) as told from licensing.seat_ledger group by 1',
    );
    expect(rows).toHaveLength(SHARDS);
    for (const { told } of rows) expect(told).toEqual(['acquired', 'refused', 'released']);
    // Three masters, and each had its share.
    const sizes = await Promise.all(
      cluster.nodes.map(async ({ url }) => {
        const node = new Redis(url);
        const size = await node.dbsize();
        node.disconnect();
        return size;
      }),
    );
    expect(sizes.every((size) => size > 0)).toBe(true);
  });

  it('are lost with the node that had them, and with no other', async () => {
    const taken = new Map<number, Awaited<ReturnType<SeatProcess['take']>>>();
    for (const [shard, place] of places) taken.set(shard, await process.take(place, aDevice()));
    const node = new Redis(cluster.nodes[1]!.url);
    await node.flushall();
    node.disconnect();
    const generationOf = async () => {
      const { rows } = await admin.query<{ shard: number; generation: number; restored: boolean }>(
        'select shard, generation, restored from licensing.seat_shards order by shard',
      );
      return rows;
    };
    await eventually(async () => {
      await worker.watch.turn();
      return (await generationOf()).every((one) => one.restored);
    });
    const rows = await generationOf();
    const lost = rows.filter((one) => one.generation === 2).map((one) => one.shard);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(SHARDS);
    for (const [shard, { grant }] of taken) {
      expect(await process.keep(grant)).toMatchObject({ held: { used: 1, max: 1 } });
      const code = lost.includes(shard) ? 'SEATS_UNAVAILABLE' : 'SEATS_EXHAUSTED';
      await expect(process.take(places.get(shard)!, aDevice())).rejects.toMatchObject({ code });
    }
  });
});
