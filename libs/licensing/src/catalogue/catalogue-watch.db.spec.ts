import { Redis } from 'ioredis';
import { eventually } from '../../../../test/support/eventually.js';
import { licensingWorld, type LicensingWorld } from '../../../../test/support/licensing.js';
import { catalogueKey, SHARD_NUMBERS } from '../seats/pool-keys.js';
import { ManageProducts } from '../use-cases/manage-products.js';
import { CatalogueWatch } from './catalogue-watch.js';

describe('the watch of the catalogue', () => {
  let world: LicensingWorld;
  let redis: Redis;
  let watch: CatalogueWatch;

  beforeAll(async () => {
    world = await licensingWorld();
    watch = (await world.another([CatalogueWatch])).get(CatalogueWatch);
    redis = new Redis(world.redis.url);
  });
  afterAll(async () => {
    redis?.disconnect();
    await world?.close();
  });

  const KEYS = SHARD_NUMBERS.map(catalogueKey);
  const told = async () => (await redis.mget(KEYS)).map((one) => (one === null ? null : Number(one)));
  const everyShard = (revision: number) => async () => expect(await told()).toEqual(KEYS.map(() => revision));
  let products = 0;
  const change = () =>
    world.app
      .get(ManageProducts, { strict: false })
      .create(world.operator, { code: `product-${++products}`, name: 'P', brand: null });

  it('tells every shard the revision, again after a change, and again to a Redis that was emptied', async () => {
    await eventually(async () => expect((await told())[0]).toBeGreaterThan(0));
    const before = (await told())[0]!;
    await eventually(everyShard(before));
    await change();
    await eventually(everyShard(before + 1));
    await redis.flushall();
    await eventually(everyShard(before + 1));
  });

  it('never lowers it: a slow worker may have read before a fast one', async () => {
    await redis.set(KEYS[0]!, 1_000_000);
    await watch.tell();
    expect((await told())[0]).toBe(1_000_000);
    await redis.del(KEYS[0]!);
    await eventually(async () => expect((await told())[0]).toBe((await told())[1]));
  });

  it('goes on when Redis comes back', async () => {
    await world.redis.kill();
    await expect(watch.tell()).rejects.toThrow();
    await change();
    await world.redis.start();
    await eventually(async () => expect((await told())[0]).toBeGreaterThan(0));
  });
});
