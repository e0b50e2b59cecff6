import { licensingWorld, type LicensingWorld } from '../../../../test/support/licensing.js';
import { ChangeLicenseStatus } from './change-license-status.js';
import { FollowPurchase } from './follow-purchase.js';
import { IssueTenantLicense, IssueTenantLicenseInput } from './issue-tenant-license.js';

const code = (code: string) => expect.objectContaining({ code });

describe('which licence is what a tenant buys', () => {
  let world: LicensingWorld;
  const get = <T>(type: new (...args: never[]) => T): T => world.app.get(type, { strict: false });
  beforeAll(async () => {
    world = await licensingWorld();
  }, 60_000);
  afterAll(() => world?.close());

  it('is said by an operator once the first has ended, and told with who and why', async () => {
    const { id, owner, licenseId } = await world.tenant();
    const { license } = await get(IssueTenantLicense).execute(
      world.operator,
      IssueTenantLicenseInput.parse({ tenantId: id, plan: 'PRO' }),
    );
    const follow = (as = world.operator, ref = license.id) =>
      get(FollowPurchase).execute(as, { license: ref });
    await expect(follow(owner)).rejects.toThrow(code('MISSING_SCOPE'));
    await expect(follow()).rejects.toThrow(code('PURCHASE_FOLLOWED'));

    await get(ChangeLicenseStatus).execute(world.operator, { license: licenseId, status: 'revoked' });
    expect(await follow()).toMatchObject({ id: license.id, tier: 'PRO' });
    expect((await world.told(id)).at(-1)).toMatchObject({
      name: 'licensing.license.purchase_followed',
      payload: { licenseId: license.id, insteadOf: licenseId },
    });
    await expect(follow()).rejects.toThrow(code('LICENSE_UNCHANGED'));
    await expect(follow(world.operator, licenseId)).rejects.toThrow(code('LICENSE_ENDED'));
  });

  it('is one, whoever says so at the same moment', async () => {
    const { id, licenseId } = await world.tenant();
    await get(ChangeLicenseStatus).execute(world.operator, { license: licenseId, status: 'revoked' });
    const both = await Promise.all(
      [1, 2].map(() =>
        get(IssueTenantLicense).execute(
          world.operator,
          IssueTenantLicenseInput.parse({ tenantId: id, plan: 'PRO' }),
        ),
      ),
    );
    const ends = await Promise.allSettled(
      both.map(({ license }) => get(FollowPurchase).execute(world.operator, { license: license.id })),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: code('PURCHASE_FOLLOWED'),
    });
  });
});
