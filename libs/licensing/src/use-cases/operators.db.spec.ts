import { Actor, newId } from '#platform';
import { parseLicenseKey } from '#sdk/formats';
import { licensingWorld, type LicensingWorld } from '../../../../test/support/licensing.js';
import { Licenses } from '../persistence/licenses.js';
import { SeatPool } from '../seats/seat-pool.js';
import { BeginTerm } from './begin-term.js';
import { ChangeLicensePlan } from './change-license-plan.js';
import { ChangeLicensePolicy } from './change-license-policy.js';
import { ChangeLicenseStatus } from './change-license-status.js';
import { ChangeTenantTerms } from './change-tenant-terms.js';
import { FindLicenses } from './find-licenses.js';
import { IssueTenantLicense, IssueTenantLicenseInput } from './issue-tenant-license.js';
import { ManageLicenseSettings } from './manage-license-settings.js';
import { ManagePolicies } from './manage-policies.js';
import { ManageProducts } from './manage-products.js';
import { MintLicense } from './mint-license.js';
import { NAMED_USERS_MAX, NameUsers } from './name-users.js';
import { OverrideLicense } from './override-license.js';
import { ReadLicenses } from './read-licenses.js';
import { RenewLicense } from './renew-license.js';
import { TransferLicense } from './transfer-license.js';
import { termsOf } from '../testing/policies.js';

const DAY = 86_400_000;
const code = (code: string) => expect.objectContaining({ code });

describe('what operators do with licences', () => {
  let world: LicensingWorld;
  const get = <T>(type: new (...args: never[]) => T): T => world.app.get(type, { strict: false });

  beforeAll(async () => {
    world = await licensingWorld();
  });
  afterAll(() => world?.close());

  const issue = (
    tenantId: string,
    input: Partial<Parameters<typeof IssueTenantLicenseInput.parse>[0] & object> = {},
  ) =>
    get(IssueTenantLicense).execute(
      world.operator,
      IssueTenantLicenseInput.parse({ tenantId, plan: 'PRO', ...input }),
    );
  const inRedis = (licenseId: string) => get(SeatPool).policy(licenseId);
  const names = async (tenantId: string) =>
    (await world.told(tenantId)).map(({ name }) => name.replace(/^licensing\./, ''));

  describe('issue', () => {
    it('makes a licence of a plan, by name or alias, with a typed key that leads to it', async () => {
      const { id } = await world.tenant();
      const { license, key } = await issue(id, { plan: 'starter', name: 'Build', metadata: { order: '7' } });
      expect(license).toMatchObject({ tier: 'PRO', tenantId: id, name: 'Build', metadata: { order: '7' } });
      expect(parseLicenseKey(key)).toMatchObject({ brand: 'GH', type: 'PRO' });
      for (const ref of [license.id, key, ` ${key.toLowerCase()} `]) {
        expect(await get(FindLicenses).one(world.operator, ref)).toMatchObject({
          id: license.id,
          tenantId: id,
        });
      }
      expect((await world.told(id)).at(-1)).toMatchObject({
        payload: { licenseId: license.id, issuedToUserId: null },
      });
    });

    it('refuses tenants, plans and policies there are none of, and what is over before it begins', async () => {
      const { id } = await world.tenant();
      await expect(issue(newId('ten'))).rejects.toThrow('No such tenant.');
      await expect(issue(id, { plan: 'GOLD' })).rejects.toThrow('No such plan.');
      await expect(issue(id, { plan: undefined, policy: 'a/b' })).rejects.toThrow('No such policy.');
      await expect(issue(id, { expiresAt: new Date(0) })).rejects.toThrow(code('EXPIRY_PASSED'));
      expect(() => IssueTenantLicenseInput.parse({ tenantId: id })).toThrow('say a plan or a policy');
    });

    it('takes a key that exists already, of either form, once', async () => {
      const { id } = await world.tenant();
      const { license, key } = await issue(id, { key: ' acme-0abc defg hz19' });
      expect(key).toBe('ACME-0ABCDEFGHZ19');
      expect(license.keyMasked).toBe('ACME-************');
      expect(await get(FindLicenses).one(world.operator, 'acme-0abcdefghz19')).toMatchObject({
        id: license.id,
      });
      await expect(issue(id, { key })).rejects.toThrow(code('LICENSE_KEY_TAKEN'));
      expect(() =>
        IssueTenantLicenseInput.parse({ tenantId: id, plan: 'PRO', key: 'GH-PRO-000000000000-0000' }),
      ).toThrow('without a mistake');
    });

    it('makes another key when the random one is taken (a collision failed the sign-up)', async () => {
      const { owner } = await world.tenant();
      const same = Buffer.from('a1b2c3d4e5f6', 'hex');
      const draws = [same, same, Buffer.from('000102030405', 'hex')];
      const init = {
        tenantId: owner.tenantId!,
        brand: null,
        tier: 'PRO' as const,
        productId: null,
        terms: termsOf(),
        issuedTo: null,
      };
      const mint = () =>
        world.db.transaction(owner, () => get(MintLicense).execute(init, () => draws.shift()!));
      expect((await mint())!.key).toMatch(/^GH-PRO-A1B2C3D4E5F6-/);
      expect((await mint())!.key).toMatch(/^GH-PRO-000102030405-/);
    });

    it('suspends with the tenant what is issued while it is suspended', async () => {
      const { id, owner } = await world.tenant();
      await world.db.transaction(owner, async () => {
        for (const license of await get(Licenses).lockAll()) {
          license.followTenant({ suspended: true, revision: 2 }, world.clock.now());
          await get(Licenses).save(license);
        }
      });
      const { license } = await issue(id);
      expect(license).toMatchObject({ status: 'active', tenantSuspended: true, tenantRevision: 2 });
    });

    it('is for operators', async () => {
      const { id, owner } = await world.tenant();
      const input = IssueTenantLicenseInput.parse({ tenantId: id, plan: 'PRO' });
      await expect(get(IssueTenantLicense).execute(owner, input)).rejects.toThrow(code('MISSING_SCOPE'));
    });
  });

  describe('a change', () => {
    it('is in Redis when the verb ends, in the row, and told with who and why', async () => {
      const { id, licenseId } = await world.tenant();
      const change = (status: 'active' | 'suspended' | 'revoked') =>
        get(ChangeLicenseStatus).execute(world.operator, { license: licenseId, status });
      expect(await change('suspended')).toMatchObject({
        status: 'suspended',
        statusReason: 'because of a ticket',
      });
      expect(await inRedis(licenseId)).toMatchObject({ blocked: 'SUSPENDED' });
      await change('active');
      expect(await inRedis(licenseId)).toMatchObject({ blocked: null, status: 'active' });
      const revoked = await change('revoked');
      expect(revoked).toMatchObject({ status: 'revoked', statusAt: world.clock.now() });
      expect(await inRedis(licenseId)).toMatchObject({ blocked: 'REVOKED' });
      await expect(change('active')).rejects.toThrow(code('LICENSE_ENDED'));
      expect(await names(id)).toEqual([
        'license.issued',
        'license.suspended',
        'license.reinstated',
        'license.revoked',
      ]);
    });

    it('holds although Redis is away: the event tells it later', async () => {
      const { id, licenseId } = await world.tenant();
      await world.redis.kill();
      try {
        const row = await get(ChangeLicenseStatus).execute(world.operator, {
          license: licenseId,
          status: 'suspended',
        });
        expect(row.status).toBe('suspended');
      } finally {
        await world.redis.start();
      }
      expect(await names(id)).toContain('license.suspended');
    });

    it('of plan, policy and overrides changes the terms, each with a revision of its own', async () => {
      const { id, licenseId: license } = await world.tenant();
      const product = await get(ManageProducts).create(world.operator, {
        code: `p-${id.slice(-8)}`,
        name: 'P',
        brand: 'ACME',
      });
      const policy = await get(ManagePolicies).create(world.operator, {
        product: product.code,
        code: 'site',
        name: 'Site',
        plan: 'TEAM',
        terms: { seats: 50, durationDays: 30 },
      });
      const ref = `${product.code}/site`;
      const revisions: number[] = [];
      const seen = async (work: Promise<{ terms: { seats: number | null }; revision: number }>) => {
        const { terms, revision } = await work;
        revisions.push(revision);
        return terms.seats;
      };

      expect(await seen(get(ChangeLicensePlan).execute(world.operator, { license, plan: 'TEAM' }))).toBe(5);
      expect(await seen(get(ChangeLicensePolicy).execute(world.operator, { license, policy: ref }))).toBe(50);
      const expiresAt = new Date(world.clock.now().getTime() + DAY);
      const override = { license, terms: { seats: 60 }, expiresAt };
      expect(await seen(get(OverrideLicense).execute(world.operator, override))).toBe(60);
      expect(await inRedis(license)).toMatchObject({
        productId: product.id,
        goodUntil: expiresAt,
        tier: 'TEAM',
      });
      world.clock.advance(DAY);
      expect((await get(FindLicenses).one(world.operator, license)).terms.seats).toBe(50);
      await get(ManagePolicies).change(world.operator, {
        policy: policy.id,
        terms: { seats: 70 },
        unset: ['durationDays'],
      });
      const after = await get(FindLicenses).one(world.operator, license);
      expect(after.terms).toMatchObject({ seats: 70, durationDays: null });
      expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
      expect(new Set(revisions).size).toBe(3);

      const fresh = await issue(id, { plan: undefined, policy: ref });
      expect(fresh.license).toMatchObject({ tier: 'TEAM', policyId: policy.id, productId: product.id });
      expect(fresh.key).toMatch(/^ACME-TEAM-/);
    });
  });

  describe('a term that waits for its first use', () => {
    it('begins once for fifty who come at once, and all get when it ends', async () => {
      const { id } = await world.tenant();
      const terms = { expiryBasis: 'first_activation', durationDays: 30 } as const;
      const { license } = await issue(id, { terms });
      const place = { tenantId: id, licenseId: license.id };
      const anybody = Actor.anonymous({ traceId: 'x', address: '203.0.113.9' });
      expect(await get(FindLicenses).one(world.operator, license.id)).toMatchObject({
        startedAt: null,
        expiresAt: null,
      });

      const answers = await Promise.all(
        Array.from({ length: 50 }, () => get(BeginTerm).execute(anybody, place)),
      );
      const end = new Date(world.clock.now().getTime() + 30 * DAY);
      for (const policy of answers) expect(policy).toMatchObject({ starts: null, expiresAt: end });
      expect(await inRedis(license.id)).toMatchObject({ starts: null, expiresAt: end });
      expect((await names(id)).filter((name) => name === 'license.started')).toHaveLength(1);

      const renewed = await get(RenewLicense).execute(world.operator, { license: license.id, days: 5 });
      expect(renewed.expiresAt).toEqual(new Date(end.getTime() + 5 * DAY));
    });
  });

  describe('transfer', () => {
    const transfer = (license: string, toTenantId: string) =>
      get(TransferLicense).execute(world.operator, { license, toTenantId });

    it('moves the key: it leads to the other tenant, opens there, and the old licence stays as transferred', async () => {
      const [from, to] = [await world.tenant(), await world.tenant()];
      const { license, key } = await issue(from.id, { plan: 'TEAM', name: 'Ours', terms: { seats: 9 } });
      const moved = await transfer(key, to.id);
      expect(moved).toMatchObject({
        tenantId: to.id,
        tier: 'TEAM',
        name: 'Ours',
        transferredFrom: license.id,
        status: 'active',
      });
      expect(moved.terms.seats).toBe(9);
      expect((await get(FindLicenses).one(world.operator, key)).id).toBe(moved.id);
      expect(await get(ReadLicenses).one(to.owner, moved.id)).toMatchObject({ key });

      const old = await get(FindLicenses).one(world.operator, license.id);
      expect(old).toMatchObject({ status: 'transferred', transferredTo: moved.id, tenantId: from.id });
      expect(await inRedis(license.id)).toMatchObject({ blocked: 'TRANSFERRED' });
      expect(await inRedis(moved.id)).toMatchObject({ blocked: null, tenantId: to.id });

      const [sent, got] = [(await world.told(from.id)).at(-1), (await world.told(to.id)).at(-1)];
      expect(sent).toMatchObject({
        payload: { licenseId: license.id, direction: 'out', otherLicenseId: moved.id },
      });
      expect(got).toMatchObject({
        payload: { licenseId: moved.id, direction: 'in', otherLicenseId: license.id },
      });
      expect(JSON.stringify(await world.told(to.id))).not.toContain(from.id);
      await expect(transfer(license.id, to.id)).rejects.toThrow(code('LICENSE_ENDED'));
    });

    it('leaves nothing behind when it cannot be done', async () => {
      const { id, licenseId, key } = await world.tenant();
      await expect(transfer(licenseId, newId('ten'))).rejects.toThrow('No such tenant.');
      await expect(transfer(licenseId, id)).rejects.toThrow(code('LICENSE_UNCHANGED'));
      expect(await get(FindLicenses).one(world.operator, key)).toMatchObject({
        id: licenseId,
        status: 'active',
      });
      expect(await names(id)).toEqual(['license.issued']);
    });

    it('of one licence to two tenants at once goes to one of them', async () => {
      const [from, ...others] = [await world.tenant(), await world.tenant(), await world.tenant()];
      const { license, key } = await issue(from.id);
      const outcomes = await Promise.allSettled(others.map((to) => transfer(license.id, to.id)));
      const won = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(won).toHaveLength(1);
      expect((await get(FindLicenses).one(world.operator, key)).id).toBe(won[0]!.id);
    });
  });

  describe('what holds for a whole tenant', () => {
    it('changes every licence of it, in Redis too, until it is taken away', async () => {
      const { id, licenseId } = await world.tenant();
      const second = (await issue(id, { plan: 'TEAM' })).license.id;
      const change = get(ChangeTenantTerms);
      await change.execute(world.operator, {
        tenantId: id,
        terms: { seats: 33, flags: { cloud_sync: true } },
        expiresAt: null,
      });
      for (const one of [licenseId, second]) {
        const policy = await inRedis(one);
        expect(policy!.terms.seats).toBe(33);
        expect(policy!.terms.entitlements).toContain('sync:write');
      }
      await change.execute(world.operator, { tenantId: id, clear: true });
      expect((await inRedis(second))!.terms.seats).toBe(5);
      expect(await names(id)).toEqual([
        'license.issued',
        'license.issued',
        'tenant_terms.changed',
        'tenant_terms.changed',
      ]);
      await expect(
        change.execute(world.operator, { tenantId: newId('ten'), terms: { seats: 1 }, expiresAt: null }),
      ).rejects.toThrow('No such tenant.');
    });

    it('is tightened by the tenant itself, and never loosened', async () => {
      const { id, owner, licenseId } = await world.tenant();
      await issue(id, { plan: 'TEAM' });
      const settings = get(ManageLicenseSettings);
      await expect(settings.change(owner, { heartbeatMode: 'none' })).rejects.toMatchObject({
        code: 'MODE_TOO_LOOSE',
        details: { heartbeatMode: 'hybrid' },
      });
      await settings.change(owner, { heartbeatMode: 'strict' });
      expect((await inRedis(licenseId))!.terms.heartbeatMode).toBe('strict');
      await settings.change(owner, { timeZone: 'Asia/Kolkata' });
      expect(await settings.read(owner)).toMatchObject({ heartbeatMode: 'strict', timeZone: 'Asia/Kolkata' });
      expect(await inRedis(licenseId)).toMatchObject({ timeZone: 'Asia/Kolkata' });
      await settings.change(owner, { heartbeatMode: null });
      expect((await inRedis(licenseId))!.terms.heartbeatMode).toBe('none');
      await expect(settings.change(owner.as({ scopes: [] }), {})).rejects.toThrow(code('MISSING_SCOPE'));
    });
  });

  describe('named people', () => {
    it('are named and taken off by the tenant’s admins and by operators, once each', async () => {
      const { id, owner, licenseId } = await world.tenant();
      const user = newId('usr');
      const users = get(NameUsers);
      const input = { license: licenseId, userId: user };
      const revision = async () => (await get(FindLicenses).one(world.operator, licenseId)).revision;
      const before = await revision();
      expect(await users.assign(owner, input)).toBe(true);
      expect(await users.assign(world.operator, input)).toBe(false);
      const policy = await inRedis(licenseId);
      expect(policy!.users).toEqual([user]);
      // Nothing but a row beside the licence changed, and an older policy must not come back over it.
      expect(await revision()).toBe(before + 1);
      expect(await users.page(owner, licenseId, { limit: 10 })).toMatchObject({
        data: [{ userId: user }],
        nextCursor: null,
      });
      expect(await users.unassign(world.operator, input)).toBe(true);
      expect(await users.unassign(owner, input)).toBe(false);
      expect((await inRedis(licenseId))!.users).toEqual([]);
      expect(await names(id)).toEqual(['license.issued', 'license.assigned', 'license.unassigned']);
    });

    it('are not another tenant’s to name, nor a member’s', async () => {
      const [ours, theirs] = [await world.tenant(), await world.tenant()];
      const input = { license: theirs.licenseId, userId: newId('usr') };
      await expect(get(NameUsers).assign(ours.owner, input)).rejects.toThrow(code('NOT_FOUND'));
      await expect(get(NameUsers).page(ours.owner, theirs.licenseId, { limit: 1 })).rejects.toThrow(
        code('NOT_FOUND'),
      );
      await expect(
        get(NameUsers).assign(ours.owner.as({ scopes: ['licenses:read'] }), input),
      ).rejects.toThrow(code('MISSING_SCOPE'));
    });

    it('are bounded, however many are named at once', async () => {
      const { id, owner, licenseId } = await world.tenant();
      await world.db.transaction(owner, () =>
        world.db.query(
          `insert into licensing.license_users select $1, $2, 'usr_' || i, now() from generate_series(1, $3::int) i`,
          [id, licenseId, NAMED_USERS_MAX - 1],
        ),
      );
      const outcomes = await Promise.allSettled(
        Array.from({ length: 5 }, () =>
          get(NameUsers).assign(owner, { license: licenseId, userId: newId('usr') }),
        ),
      );
      const refused = outcomes.filter((one) => one.status === 'rejected');
      expect(refused).toHaveLength(4);
      for (const one of refused) expect(one).toMatchObject({ reason: { code: 'NAMED_USERS_EXHAUSTED' } });
    });
  });

  it('finds licences across tenants, page by page', async () => {
    const { id } = await world.tenant();
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await issue(id, { plan: 'TEAM' })).license.id);
    const find = (cursor?: string) =>
      get(FindLicenses).page(world.operator, { tenantId: id, tier: 'TEAM', limit: 2, cursor });
    const first = await find();
    expect(first.data.map((row) => row.id)).toEqual(ids.slice(0, 2));
    const second = await find(first.nextCursor!);
    expect(second).toMatchObject({ data: [{ id: ids[2] }], nextCursor: null });
    expect((await get(FindLicenses).page(world.operator, { limit: 1_000 })).data.length).toBeGreaterThan(10);
    const { owner } = await world.tenant();
    await expect(get(FindLicenses).page(owner, { limit: 1 })).rejects.toThrow(code('MISSING_SCOPE'));
  });
});
