import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, type HttpConfig, ManualClock, newId, SealedBox, type SecretsConfig } from '#platform';
import { type KeyTrust, type Lease, platformCrypto, trustAnchors, verifyLease } from '#sdk';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { connected } from '../../../../test/support/tables.js';
import { License } from '../domain/license.js';
import type { TermsPatch } from '../domain/terms.js';
import type { LeasesConfig, LicensingConfig } from '../licensing.config.js';
import { Catalogue } from '../persistence/catalogue.js';
import { LeasedDevices } from '../persistence/leased-devices.js';
import { Licenses } from '../persistence/licenses.js';
import type { QuotaRemainders } from '../quotas/quota-remainders.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { writeLicense } from '../testing/licenses.js';
import { aPolicy } from '../testing/policies.js';
import { FreeFallback } from './free-fallback.js';
import { leaseDeviceOf } from './lease-device.js';
import { Leases } from './leases.js';
import { LeaseSlots } from './lease-slots.js';
import { SigningKeys } from './signing-keys.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const QUOTA = [{ meter: 'commands', remaining: 7, perDayAllowance: 10, resetsAt: null }];
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A connection to a server that can be cut. */
async function lineTo(to: string): Promise<{ url: string; cut(): Promise<void> }> {
  const url = new URL(to);
  const target = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  const line = createServer((client) => {
    const server = connect(target);
    for (const socket of [client, server]) sockets.add(socket.on('error', () => undefined));
    client.pipe(server).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(line, 'listening');
  url.port = String((line.address() as AddressInfo).port);
  const cut = async () => {
    line.close();
    for (const socket of sockets) socket.destroy();
    await once(line, 'close');
  };
  return { url: url.href, cut };
}

class CountedDevices extends LeasedDevices {
  taken = 0;

  override take(...wish: Parameters<LeasedDevices['take']>) {
    this.taken += 1;
    return super.take(...wish);
  }
}

describe('leases', () => {
  const clock = new ManualClock();
  const hardwareKey = randomBytes(32);
  const secrets = { key: randomBytes(32) } as SecretsConfig;
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Db;
  let keys: SigningKeys;
  let trust: KeyTrust;
  let owner: Actor;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database, [License]);
    db = app.get(Db);
    const seed = randomBytes(32);
    const signingKeys = [{ kid: 'k', seed, status: 'active' as const, since: new Date(0) }];
    keys = new SigningKeys({ signingKeys } as LeasesConfig, { baseUrl: 'https://l.example' } as HttpConfig);
    trust = trustAnchors(keys.issuer, [{ kid: 'k', x: keys.published()[0]!.x }]);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  beforeEach(() => {
    owner = Actor.system(newId('ten'), 'trace');
    clock.set(new Date('2026-05-01T12:00:00Z'));
  });

  /** What one process of the API has. `written`: how often it went to Postgres. */
  function aProcess(by = db) {
    const devices = new CountedDevices(by);
    const config = { hardwareKey } as LicensingConfig;
    const slots = new LeaseSlots(by, devices, new SealedBox(secrets), config, clock);
    const fallback = new FreeFallback(new Catalogue(by));
    const quotas = { remainders: async () => QUOTA };
    const leases = new Leases(slots, quotas as unknown as QuotaRemainders, fallback, keys, clock, silent);
    return { slots, leases, written: () => devices.taken };
  }

  async function licensed(terms: TermsPatch = {}, change: Partial<PoolPolicy> = {}): Promise<PoolPolicy> {
    const tenantId = owner.tenantId!;
    const licenseId = await db.transaction(owner, () =>
      writeLicense(new Licenses(db, clock), tenantId, terms, clock.now()),
    );
    const found = { tenantId, licenseId, tier: 'TEAM' as const, catalogueRevision: 1, ...change };
    return aPolicy(found, terms);
  }

  const seatOf = (hardwareId: string) => ({
    hardwareId,
    seatDevice: `seat-of-${hardwareId}`,
    expiresAt: new Date(clock.now().getTime() + 6 * MINUTE),
  });
  const read = (token: string, hardwareId: string): Promise<Lease> =>
    verifyLease(token, trust, platformCrypto.verify, { device: leaseDeviceOf(hardwareId) });
  const lent = async (policy: PoolPolicy, hardwareId: string, { leases } = aProcess()) =>
    read(await leases.forSeat(owner, policy, seatOf(hardwareId)), hardwareId);

  const rows = async (policy: PoolPolicy) =>
    db.read<{ device: string; until: Date; since: Date; seat_device: string | null }>(
      owner,
      'select * from licensing.leased_devices where tenant_id = $1 and license_id = $2 order by since, device',
      [owner.tenantId, policy.licenseId],
    );
  /** Devices whose leases outlive their seats. */
  const offline = (all: readonly Lease[]) =>
    new Set(all.filter((lease) => !lease.seatBound).map((lease) => lease.device)).size;

  it('say what the licence is, and are good for a day and seven', async () => {
    const policy = await licensed({
      heartbeatMode: 'hybrid',
      entitlements: ['sync:read'],
    });
    const lease = await lent(policy, 'ada');
    const now = clock.now().getTime();
    expect(lease).toEqual({
      issuer: 'https://l.example',
      licenseId: policy.licenseId,
      tenantId: policy.tenantId,
      plan: 'TEAM',
      entitlements: ['sync:read'],
      device: leaseDeviceOf('ada'),
      status: 'active',
      mode: 'hybrid',
      revision: policy.revision,
      issuedAt: now,
      freshUntil: now + DAY,
      usableUntil: now + 8 * DAY,
      seatBound: false,
      seatExpiresAt: now + 6 * MINUTE,
      quota: QUOTA,
      fallback: {
        plan: 'FREE',
        entitlements: ['commands:execute'],
        allowances: [{ meter: 'commands', perDay: 10 }],
      },
    });
  });

  it.each([
    ['restrict', 2 * HOUR, 2 * HOUR, 2 * HOUR],
    ['restrict', 3 * DAY, DAY, 3 * DAY],
    ['restrict', 30 * DAY, DAY, 8 * DAY],
    ['maintain', 2 * HOUR, DAY, 8 * DAY],
    ['allow', 2 * HOUR, DAY, 8 * DAY],
  ] as const)(
    'of a licence under %s end with it: %d ms left',
    async (expiryStrategy, left, fresh, usable) => {
      const now = clock.now().getTime();
      const lease = await lent(
        await licensed({ expiryStrategy }, { expiresAt: new Date(now + left) }),
        'ada',
      );
      expect([lease.freshUntil - now, lease.usableUntil - now]).toEqual([fresh, usable]);
    },
  );

  it.each([
    [2 * HOUR, 2 * HOUR, 2 * HOUR],
    [3 * DAY, DAY, 3 * DAY],
    [30 * DAY, DAY, 8 * DAY],
    // Not before the seat: what was bought may go on, and nobody here knows it yet.
    [2 * MINUTE, 6 * MINUTE, 6 * MINUTE],
    [-30_000, 6 * MINUTE, 6 * MINUTE],
  ])('end with what was bought: %d ms left', async (left, fresh, usable) => {
    const now = clock.now().getTime();
    const lease = await lent(await licensed({}, { offlineUntil: new Date(now + left) }), 'ada');
    expect([lease.freshUntil - now, lease.usableUntil - now]).toEqual([fresh, usable]);
  });

  it('end six minutes after what was bought at the latest, however long the seat is held', async () => {
    const now = clock.now().getTime();
    const policy = await licensed({}, { offlineUntil: new Date(now + 2 * MINUTE) });
    const held = { ...seatOf('ada'), expiresAt: new Date(now + 30 * DAY) };
    const lease = await read(await aProcess().leases.forSeat(owner, policy, held), 'ada');
    expect(lease.usableUntil - now).toBe(6 * MINUTE);
  });

  it('of more machines than may be offline end with their seats', async () => {
    const policy = await licensed({ seats: 1 });
    const machine = aProcess();
    const leases = [];
    for (const name of ['a', 'b', 'c', 'a']) leases.push(await lent(policy, name, machine));
    expect(leases.map((lease) => lease.seatBound)).toEqual([false, false, true, false]);
    expect(leases[2]!.seatExpiresAt).toBe(clock.now().getTime() + 6 * MINUTE);
  });

  it('are never out for more machines than that, however many ask at once of however many processes', async () => {
    const policy = await licensed({ seats: 3, offlineDevices: 5 });
    const processes = [aProcess(), aProcess(), aProcess(), aProcess()];
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, i) => lent(policy, `machine-${i}`, processes[i % 4])),
    );
    expect(offline(all)).toBe(5);
    // Again, with what was remembered, and without.
    const again = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        lent(policy, `machine-${i + 50}`, i % 2 ? processes[i % 4] : aProcess()),
      ),
    );
    expect(offline([...all, ...again])).toBe(5);
    expect(await rows(policy)).toHaveLength(5);
  });

  it('come free as they end, not before', async () => {
    const policy = await licensed({ seats: 1, offlineDevices: 1 });
    const first = await lent(policy, 'a');
    clock.set(new Date(first.usableUntil - 1));
    expect((await lent(policy, 'b')).seatBound).toBe(true);
    clock.advance(2 * HOUR);
    expect((await lent(policy, 'b')).seatBound).toBe(false);
    expect((await lent(policy, 'a')).seatBound).toBe(true);
  });

  it('are paid with one row an hour and device', async () => {
    const policy = await licensed({ seats: 1 });
    const machine = aProcess();
    for (let minute = 0; minute < 60; minute += 2) {
      await lent(policy, 'ada', machine);
      clock.advance(2 * MINUTE);
    }
    clock.advance(1);
    expect(machine.written()).toBe(1);
    const lease = await lent(policy, 'ada', machine);
    await lent(policy, 'ada', machine);
    expect(machine.written()).toBe(2);

    // Always a whole lease, and never past what the row holds.
    expect(lease.usableUntil).toBe(clock.now().getTime() + 8 * DAY);
    expect(lease.usableUntil).toBeLessThanOrEqual((await rows(policy))[0]!.until.getTime());
  });

  it('are not signed again within a minute, unless they would say something else', async () => {
    const policy = await licensed({ seats: 1 });
    const { leases } = aProcess();
    const token = (of = policy) => leases.forSeat(owner, of, seatOf('ada'));
    const first = await token();
    clock.advance(59_000);
    expect(await token()).toBe(first);
    const changed = { ...policy, revision: policy.revision + 1 };
    const second = await token(changed);
    expect((await read(second, 'ada')).revision).toBe(policy.revision + 1);
    // An override has ended.
    const other = await token({ ...changed, terms: { ...policy.terms, entitlements: [] } });
    expect((await read(other, 'ada')).entitlements).toEqual([]);
    clock.advance(MINUTE);
    expect(await token(changed)).not.toBe(second);
  });

  it('stay within a limit that was lowered: of those who hold one the earlier keeps it, the others what they have', async () => {
    const policy = await licensed({ seats: 5, offlineDevices: 3 });
    const before = [];
    for (const name of ['a', 'b', 'c']) {
      before.push(await lent(policy, name));
      clock.advance(HOUR);
    }
    const lowered = { ...policy, terms: { ...policy.terms, offlineDevices: 1 } };
    const [a, b, d] = [await lent(lowered, 'a'), await lent(lowered, 'b'), await lent(lowered, 'd')];
    const now = clock.now().getTime();
    expect([a.usableUntil - now, a.seatBound]).toEqual([8 * DAY, false]);
    expect(b.usableUntil).toBeLessThan(now + 8 * DAY);
    expect([b.seatBound, d.seatBound]).toEqual([false, true]);
    clock.set(new Date(b.usableUntil));
    expect((await lent(lowered, 'b')).seatBound).toBe(true);
  });

  it('end with the seat while Postgres is away, and the seat is given all the same', async () => {
    const policy = await licensed({ seats: 1 });
    const line = await lineTo(database.url);
    const remote = await databaseApp({ ...database, url: line.url });
    await line.cut();
    const lease = await lent(policy, 'ada', aProcess(remote.get(Db)));
    await remote.close();
    expect([lease.seatBound, lease.fallback]).toEqual([true, undefined]);
    expect((await lent(policy, 'ada')).seatBound).toBe(false);
  });

  it('keep no device in the clear, nor as its client computes it', async () => {
    const policy = await licensed();
    await lent(policy, 'ada');
    const client = await connected(database.ownerUrl);
    const { rows: all } = await client.query('select * from licensing.leased_devices where tenant_id = $1', [
      owner.tenantId,
    ]);
    await client.end();
    const [row] = all as { device: string; lease_device: Buffer }[];
    const told = JSON.stringify(row) + row!.lease_device.toString('hex');
    expect(told).not.toContain(leaseDeviceOf('ada'));
    expect(row!.device).toMatch(/^[0-9a-f]{32}$/);
    const { slots } = aProcess();
    expect(await slots.leaseDeviceOf(owner, policy.licenseId, 'seat-of-ada')).toBe(leaseDeviceOf('ada'));
    expect(await slots.leaseDeviceOf(owner, policy.licenseId, 'seat-of-eve')).toBeNull();
    expect(
      await slots.leaseDeviceOf(Actor.system(newId('ten'), 't'), policy.licenseId, 'seat-of-ada'),
    ).toBeNull();
  });

  describe('of a licence that is blocked', () => {
    it.each([
      ['SUSPENDED', 'suspended'],
      ['REVOKED', 'revoked'],
      ['TRANSFERRED', 'revoked'],
    ] as const)('say so: %s', async (blocked, status) => {
      const policy = await licensed({ entitlements: ['a:b'] }, { blocked, revision: 7 });
      const { leases } = aProcess();
      const token = await leases.ofBlocked(owner, policy, leaseDeviceOf('ada'));
      const lease = await read(token!, 'ada');
      expect(lease).toMatchObject({ status, revision: 7, entitlements: [], quota: [], seatExpiresAt: null });
      expect(await rows(policy)).toHaveLength(0);
    });

    it('are not there while nothing is blocked', async () => {
      const { leases } = aProcess();
      expect(await leases.ofBlocked(owner, await licensed(), leaseDeviceOf('ada'))).toBeNull();
    });
  });

  describe('of a machine without a network', () => {
    const machine = { leaseDevice: leaseDeviceOf('bunker'), nonce: 'ab'.repeat(16) };

    it('live as long as was chosen, need no seat, and hold their place for as long', async () => {
      const policy = await licensed({ seats: 1, offlineDevices: 1, heartbeatMode: 'strict' });
      const process = aProcess();
      const { token, until } = (await process.leases.forAirGap(owner, policy, machine, 90 * DAY))!;
      const now = clock.now().getTime();
      expect(await read(token, 'bunker')).toMatchObject({
        mode: 'none',
        nonce: machine.nonce,
        seatBound: false,
        seatExpiresAt: null,
        freshUntil: now + 83 * DAY,
        usableUntil: now + 90 * DAY,
      });
      expect(until.getTime()).toBe(now + 90 * DAY);
      clock.advance(89 * DAY);
      expect((await lent(policy, 'other')).seatBound).toBe(true);
      clock.advance(2 * DAY);
      expect((await lent(policy, 'other')).seatBound).toBe(false);
    });

    it('are refused when no place is left, and are one machine with the one that has a seat', async () => {
      const policy = await licensed({ seats: 1, offlineDevices: 1 });
      await lent(policy, 'bunker');
      const { leases } = aProcess();
      expect(await leases.forAirGap(owner, policy, machine, DAY)).not.toBeNull();
      const another = { ...machine, leaseDevice: leaseDeviceOf('another') };
      expect(await leases.forAirGap(owner, policy, another, DAY)).toBeNull();
      expect(await rows(policy)).toHaveLength(1);
    });

    it('end with their licence, and say it in the trail', async () => {
      const now = clock.now().getTime();
      const policy = await licensed({}, { expiresAt: new Date(now + 2 * DAY) });
      const { token } = (await aProcess().leases.forAirGap(owner, policy, machine, 90 * DAY))!;
      expect(await read(token, 'bunker')).toMatchObject({
        freshUntil: now + DAY,
        usableUntil: now + 2 * DAY,
      });
      const client = await connected(database.ownerUrl);
      const { rows: told } = await client.query('select payload from platform.outbox where name = $1', [
        'licensing.license.activated_offline',
      ]);
      await client.end();
      expect(told.at(-1)?.payload).toMatchObject({
        licenseId: policy.licenseId,
        until: new Date(now + 2 * DAY).toISOString(),
      });
    });
  });
});
