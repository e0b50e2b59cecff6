import { Redis } from 'ioredis';
import { Actor, DomainError } from '#platform';
import { formatLicenseKey } from '#sdk/formats';
import { eventually } from '../../../../test/support/eventually.js';
import { licensingWorld, type LicensingWorld } from '../../../../test/support/licensing.js';
import { KeyUses } from '../seats/key-uses.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { TransferLicense } from './transfer-license.js';

const LIMITED = expect.objectContaining({ code: 'RATE_LIMITED' });

describe('finding a licence by its key', () => {
  let world: LicensingWorld;
  beforeAll(async () => {
    world = await licensingWorld();
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
  });

  const from = (address: string) => Actor.anonymous({ traceId: 'x', address });
  const PROCESS = [KeyUses, FindLicenseByKey];
  const process = async (limits: Record<string, string> = {}) =>
    (await world.another(PROCESS, limits)).get(FindLicenseByKey);
  let count = 0;
  /** A well-formed key of nobody. */
  const guess = () =>
    formatLicenseKey({
      brand: 'GH',
      type: 'PRO',
      hash12: (++count).toString(16).toUpperCase().padStart(12, '0'),
    });

  it('finds it in any case and spacing, and gives the same nothing for unknown and mistyped ones', async () => {
    const { id, licenseId, key } = await world.tenant();
    const find = await process();
    const caller = from('203.0.113.1');
    expect(await find.execute(caller, ` ${key.toLowerCase()} `)).toEqual({ tenantId: id, licenseId });
    for (const no of [
      guess(),
      `${key}0`,
      key.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      'GH-0123456789AB',
      '',
    ])
      expect(await find.execute(caller, no)).toBeNull();
  });

  it('refuses an address that has guessed too often, whatever it asks for then, but not its neighbour', async () => {
    const { key, licenseId } = await world.tenant();
    const find = await process({ LIMIT_GUESSES_ADDRESS: '3' });
    for (let i = 0; i < 3; i++) await find.execute(from('203.0.113.1'), guess());
    await expect(find.execute(from('203.0.113.1'), guess())).rejects.toThrow(LIMITED);
    await expect(find.execute(from('203.0.113.1'), key)).rejects.toThrow(LIMITED);
    expect(await find.execute(from('203.0.113.2'), key)).toMatchObject({ licenseId });
  });

  it('counts typing errors apart: they take no guess from anybody', async () => {
    const { key, licenseId } = await world.tenant();
    const find = await process({ LIMIT_GUESSES_ADDRESS: '3', LIMIT_GUESSES_GLOBAL: '3' });
    for (let i = 0; i < 3; i++) await find.execute(from('203.0.113.1'), `${key}0`);
    await expect(find.execute(from('203.0.113.1'), `${key}0`)).rejects.toThrow(LIMITED);
    expect(await find.execute(from('203.0.113.1'), key)).toMatchObject({ licenseId });
  });

  describe('while everybody’s misses are spent', () => {
    const LIMITS = { LIMIT_GUESSES_ADDRESS: '3', LIMIT_GUESSES_GLOBAL: '5' };
    const spend = async (find: FindLicenseByKey) => {
      for (let i = 1; i <= 5; i++) await find.execute(from(`198.51.100.${i}`), guess());
    };

    it('refuses a guess from an address that never guessed (ten thousand addresses had ten thousand guesses more)', async () => {
      const find = await process(LIMITS);
      await spend(find);
      await expect(find.execute(from('203.0.113.7'), guess())).rejects.toThrow(LIMITED);
    });

    it('does not tell a guess that hits from one that misses, also of a key in use (it was answered to anybody)', async () => {
      const { key, licenseId } = await world.tenant();
      const find = await process(LIMITS);
      expect(await find.execute(from('203.0.113.1'), key)).toMatchObject({ licenseId });
      await spend(find);
      await expect(find.execute(from('203.0.113.7'), key)).rejects.toThrow(LIMITED);
      await expect(find.execute(from('198.51.100.1'), key)).rejects.toThrow(LIMITED);
    });

    it('lets a key in use go on from where it was used, at every process and after a restart', async () => {
      const { key, licenseId } = await world.tenant();
      const [find, other] = [await process(LIMITS), await process(LIMITS)];
      expect(await find.execute(from('203.0.113.1'), key)).toMatchObject({ licenseId });
      const redis = new Redis(world.redis.url);
      await eventually(async () => (await redis.keys('key-uses:*')).length === 1);
      redis.disconnect();
      await spend(find);
      await spend(other).catch(() => undefined);
      await expect(other.execute(from('203.0.113.8'), guess())).rejects.toThrow(LIMITED);
      for (const one of [find, other]) {
        expect(await one.execute(from('203.0.113.1'), key)).toMatchObject({ licenseId });
        await expect(one.execute(from('203.0.113.1'), guess())).rejects.toThrow(LIMITED);
      }
    });
  });

  it('notices that a remembered key has moved to another tenant', async () => {
    const [old, fresh] = [await world.tenant(), await world.tenant()];
    const find = await process();
    const caller = from('203.0.113.1');
    const place = await find.execute(caller, old.key);
    expect(await find.hasMoved(caller, old.key, place!)).toBe(false);

    const input = { license: old.licenseId, toTenantId: fresh.id };
    const moved = await world.app.get(TransferLicense, { strict: false }).execute(world.operator, input);
    const now = { tenantId: fresh.id, licenseId: moved.id };
    const refused = (code: string) => new DomainError('forbidden', code, 'Refused.');
    expect(await find.isRefusedAsMoved(caller, old.key, place!, refused('LICENSE_REVOKED'))).toBe(true);
    expect(await find.isRefusedAsMoved(caller, old.key, place!, refused('LICENSE_SUSPENDED'))).toBe(false);
    expect(await find.hasMoved(caller, old.key, place!)).toBe(true);
    expect(await find.execute(caller, old.key)).toEqual(now);
  });
});
