import { Actor, newId } from '#platform';
import { UserDeleted } from '#identity/events';
import { ForgetMember } from '../handlers/forget-member.js';
import { Memberships } from '../persistence/memberships.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { everybody, organizationsWorld } from '../testing/organizations-world.js';
import { ListTenants } from './list-tenants.js';

const ADDRESS = 'ada@acme.example';

const world = organizationsWorld();
const { clock, person, made, member, within, send, come, membershipOf, rolesIn } = world;

/** An organisation that lets in who has an address of its domain. */
async function open(): Promise<Actor> {
  const by = await made();
  await world.owner.query(
    `update tenancy.tenants set sign_up_mode = 'allowed_domains', allowed_domains = '{acme.example}' where tenant_id = $1`,
    [by.tenantId],
  );
  return by;
}
const join = (somebody: Actor, address = ADDRESS) =>
  within(somebody, () => world.join.execute(address)).then(() => somebody);
async function putOut(by: Actor, somebody: Actor): Promise<void> {
  const id = await membershipOf(somebody);
  await within(by, () => world.change.remove(by, id, everybody));
}
const leave = (somebody: Actor) => within(somebody, () => world.change.leave(somebody, everybody));
/** In how many organisations it is known that somebody was put out. */
async function known({ id }: Actor): Promise<number> {
  const { rowCount } = await world.owner.query('select 1 from tenancy.removed_members where user_id = $1', [
    id,
  ]);
  return rowCount ?? 0;
}
const noWayIn = {
  kind: 'not_found',
  code: 'NOT_FOUND',
  message: 'No organisation of this name lets you in by your address; ask there for an invitation.',
};

describe('who was put out', () => {
  it('does not come back by their domain, told what strangers are, until an invitation is accepted', async () => {
    const by = await open();
    const ada = await join(person(by.tenantId, 'member'));
    await putOut(by, ada);
    await expect(join(ada)).rejects.toMatchObject(noWayIn);
    await expect(join(person(by.tenantId), 'eve@evil.example')).rejects.toMatchObject(noWayIn);
    // Others are let in, and they elsewhere.
    await join(person(by.tenantId, 'member'));
    const elsewhere = await open();
    await join(person(elsewhere.tenantId, 'member', ada.id!));

    const invitation = await send(by, 'viewer', ADDRESS);
    await expect(join(ada)).rejects.toMatchObject(noWayIn);
    await come(by, invitation, ada);
    expect(await known(ada)).toBe(0);
    await leave(ada);
    await join(ada);
    expect(await rolesIn(by.tenantId)).toEqual(['member', 'member', 'owner']);
  });

  it('comes back by their domain once operators have made them a member again', async () => {
    const by = await open();
    const ada = await member(by.tenantId, 'member');
    await putOut(by, ada);
    await within(ada, () => world.add.execute('viewer'));
    await leave(ada);
    await expect(join(ada)).resolves.toBe(ada);
  });

  it('is not told that the organisation is suspended either', async () => {
    const by = await open();
    const ada = await member(by.tenantId, 'member');
    await putOut(by, ada);
    await world.owner.query(`update tenancy.tenants set status = 'suspended' where tenant_id = $1`, [
      by.tenantId,
    ]);
    await expect(join(ada)).rejects.toMatchObject(noWayIn);
    await expect(join(person(by.tenantId, 'member'))).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'TENANT_SUSPENDED',
    });
    expect(await rolesIn(by.tenantId)).toEqual(['owner']);
  });

  it('is forgotten everywhere with their account, and nobody else is', async () => {
    const [first, second] = [await open(), await open()];
    const ada = await member(first.tenantId, 'member');
    const there = person(second.tenantId, 'member', ada.id!);
    const bob = await member(first.tenantId, 'member');
    await join(there);
    await putOut(first, ada);
    await putOut(first, bob);
    await putOut(second, there);
    expect([await known(ada), await known(bob)]).toEqual([2, 1]);
    // They are in a third one, by which they are signed in.
    const third = person((await made()).tenantId, 'viewer', ada.id!);
    await within(third, () => world.leaveAll.execute({ fitToOwn: everybody, graceDays: 30 }));
    expect([await known(ada), await known(bob)]).toEqual([0, 1]);
  });

  it('at the moment their account was deleted is forgotten by the worker', async () => {
    const by = await open();
    const ada = await member(by.tenantId, 'member');
    await putOut(by, ada);
    const handler = new ForgetMember(
      world.db,
      new ListTenants(new Memberships(world.db)),
      world.change,
      new RemovedMembers(world.db),
    );
    const event = { id: newId('evt'), name: UserDeleted.name, version: 1, occurredAt: clock.now() };
    const actor = { type: 'user', id: ada.id, reason: null };
    const tenantId = by.tenantId ?? '';
    await handler.handle({ ...event, actor, tenantId, ...ada.origin, payload: { userId: ada.id ?? '' } });
    expect(await known(ada)).toBe(0);
  });
});

describe('who left by themselves', () => {
  it.each([
    ['by leaving', leave],
    ['by putting themselves out', (somebody: Actor) => putOut(somebody, somebody)],
  ])('comes back by their domain: %s', async (_, go) => {
    const by = await open();
    const admin = await member(by.tenantId, 'admin');
    await go(admin);
    expect(await known(admin)).toBe(0);
    await expect(join(admin)).resolves.toBe(admin);
  });
});

it('nobody joins an organisation that is over', async () => {
  const by = await open();
  await world.owner.query(`update tenancy.tenants set status = 'deleted' where tenant_id = $1`, [
    by.tenantId,
  ]);
  await expect(join(person(by.tenantId, 'member'))).rejects.toMatchObject(noWayIn);
});
