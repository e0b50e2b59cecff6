import { connected } from '../../../../test/support/tables.js';
import { licensingWorld, type LicensingWorld } from '../../../../test/support/licensing.js';
import { ChangeLicenseStatus } from './change-license-status.js';
import { ReadLicenses } from './read-licenses.js';

describe('what is left to a tenant whose licences have all ended', () => {
  let world: LicensingWorld;
  beforeAll(async () => {
    world = await licensingWorld();
  }, 60_000);
  afterAll(() => world?.close());

  it('is Free as it is sold by then', async () => {
    const { owner, licenseId } = await world.tenant();
    const read = world.app.get(ReadLicenses, { strict: false });
    await world.app
      .get(ChangeLicenseStatus, { strict: false })
      .execute(world.operator, { license: licenseId, status: 'revoked' });
    const catalogue = await connected(world.database.ownerUrl);
    try {
      await catalogue.query(
        `update licensing.plans set terms = terms || '{"seats": 2, "maxMembers": 7}' where tier = 'FREE'`,
      );
    } finally {
      await catalogue.end();
    }
    expect(await read.first(owner)).toBeNull();
    expect(await read.free(owner)).toMatchObject({ tier: 'FREE', terms: { seats: 2, maxMembers: 7 } });
  });
});
