import { organizationsWorld } from '../testing/organizations-world.js';

const FULL = { kind: 'conflict', code: 'SEAT_LIMIT_REACHED' };
const SEATED = ['seats:acquire', 'tenant:read'];

const world = organizationsWorld();
const { made, member, within, membershipOf, rolesIn } = world;

describe('the seats of a plan', () => {
  it('bound a role of the organisation’s own that gets to run the program, by who has it', async () => {
    const by = await made({ seats: 2 });
    await world.roles.create(by, { name: 'desk', scopes: ['tenant:read'] });
    const change = (scopes: string[]) => within(by, () => world.roles.change(by, 'desk', scopes));
    const held = [await member(by.tenantId, 'desk'), await member(by.tenantId, 'desk')];
    await expect(change(SEATED)).rejects.toMatchObject({ ...FULL, details: { max: 2, used: 1 } });
    // Nothing was changed: one more of them takes no seat.
    expect(
      (await world.owner.query('select scopes from tenancy.roles where tenant_id = $1', [by.tenantId])).rows,
    ).toEqual([{ scopes: ['tenant:read'] }]);
    // Other scopes are no matter of seats.
    await change(['licenses:read', 'tenant:read']);
    await world.owner.query('delete from tenancy.memberships where user_id = $1', [held[0]!.id]);
    expect(await change(SEATED)).toEqual({ holders: [held[1]!.id], isLess: true });
    // Who is in already keeps theirs.
    await change([...SEATED, 'licenses:read']);
  });

  it('bound who becomes an owner without having had one', async () => {
    const by = await made({ seats: 1 });
    const heir = await membershipOf(await member(by.tenantId, 'viewer'));
    const transfer = (role: string) => within(by, () => world.change.transfer(by, heir, role));
    await expect(transfer('admin')).rejects.toMatchObject({ ...FULL, details: { max: 1, used: 1 } });
    expect(await rolesIn(by.tenantId)).toEqual(['owner', 'viewer']);
    // Who gives theirs away makes room.
    await transfer('viewer');
    expect(await rolesIn(by.tenantId)).toEqual(['owner', 'viewer']);
    expect(
      (await world.owner.query('select role from tenancy.memberships where id = $1', [heir])).rows,
    ).toEqual([{ role: 'owner' }]);
  });
});
