import type { Actor } from '#platform';
import type { Invitation } from '../domain/invitation.js';
import { everybody, organizationsWorld } from '../testing/organizations-world.js';

const DAYS = 86_400_000;

const world = organizationsWorld();
const { clock, made, member, within, send, come, membershipOf, rolesIn } = world;

const resend = (by: Actor, { id }: Invitation) => within(by, () => world.invite.resend(by, id));
const revoke = (by: Actor, { id }: Invitation) => world.invite.revoke(by, id);
async function runOut({ id }: Invitation): Promise<void> {
  await world.owner.query('update tenancy.invitations set expires_at = $2 where id = $1', [id, clock.now()]);
}
async function statusOf({ id }: Invitation): Promise<string> {
  const { rows } = await world.owner.query<{ status: string }>(
    'select status from tenancy.invitations where id = $1',
    [id],
  );
  return rows[0]!.status;
}
/** Why invitations of somebody's organisation were taken back. */
async function reasonsIn({ tenantId }: Actor): Promise<string[]> {
  const { rows } = await world.owner.query<{ reason: string }>(
    `select payload ->> 'reason' as reason from platform.outbox
     where tenant_id = $1 and name = 'tenancy.invitation.revoked'`,
    [tenantId],
  );
  return rows.map(({ reason }) => reason);
}
const tenantOf = ({ tenantId }: Actor, sets: string) =>
  world.owner.query(`update tenancy.tenants set ${sets} where tenant_id = $1`, [tenantId]);

describe('an invitation that has run out, to a role that is gone', () => {
  async function left(): Promise<{ by: Actor; invitation: Invitation }> {
    const by = await made();
    await world.roles.create(by, { name: 'desk', scopes: ['tenant:read'] });
    const invitation = await send(by, 'desk');
    await runOut(invitation);
    await world.roles.delete(by, 'desk');
    return { by, invitation };
  }

  it('keeps nobody from handing the organisation over, and ends with that', async () => {
    const { by, invitation } = await left();
    const heir = await membershipOf(await member(by.tenantId, 'admin'));
    await within(by, () => world.change.transfer(by, heir, 'admin'));
    expect(await rolesIn(by.tenantId)).toEqual(['admin', 'owner']);
    expect(await statusOf(invitation)).toBe('revoked');
    expect(await reasonsIn(by)).toEqual(['inviter_demoted']);
  });

  it('keeps nobody from another role', async () => {
    const { by, invitation } = await left();
    const [other, own] = [await member(by.tenantId, 'owner'), await membershipOf(by)];
    await within(other, () => world.change.changeRole(other, own, 'admin', everybody));
    expect(await rolesIn(by.tenantId)).toEqual(['admin', 'owner']);
    expect(await statusOf(invitation)).toBe('revoked');
  });

  it('is taken back by whoever may invite, and not sent again', async () => {
    const { by, invitation } = await left();
    const [admin, viewer] = [await member(by.tenantId, 'admin'), await member(by.tenantId, 'viewer')];
    await expect(resend(admin, invitation)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'No such role.',
    });
    await expect(revoke(viewer, invitation)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    await revoke(admin, invitation);
    expect(await statusOf(invitation)).toBe('revoked');
    await expect(revoke(admin, invitation)).rejects.toMatchObject({ code: 'INVITATION_ENDED' });
  });
});

describe('an invitation of somebody who becomes less', () => {
  it('stands where they could send it still, run out or not', async () => {
    const by = await made();
    const [open, over] = [await send(by, 'developer'), await send(by, 'developer')];
    await runOut(over);
    const heir = await membershipOf(await member(by.tenantId, 'viewer'));
    await within(by, () => world.change.transfer(by, heir, 'admin'));
    expect([await statusOf(open), await statusOf(over)]).toEqual(['pending', 'pending']);
    await expect(resend(by, over)).resolves.toMatchObject({ generation: 2 });
  });
});

describe('an invitation above one’s own role', () => {
  it('is neither sent again nor taken back', async () => {
    const by = await made();
    const admin = await member(by.tenantId, 'admin');
    const invitation = await send(by, 'owner');
    const above = { kind: 'forbidden', code: 'ROLE_ABOVE_OWN' };
    await expect(resend(admin, invitation)).rejects.toMatchObject(above);
    await expect(revoke(admin, invitation)).rejects.toMatchObject(above);
    expect(await statusOf(invitation)).toBe('pending');
    await expect(come(by, invitation)).resolves.toBeDefined();
  });
});

describe('an invitation that has run out', () => {
  it.each([
    ['seats', { seats: 2 }, 'developer', 'SEAT_LIMIT_REACHED'],
    ['members', { members: 2 }, 'viewer', 'MEMBER_LIMIT_REACHED'],
  ] as const)('is not sent again while the plan is full: %s', async (_, limits, role, code) => {
    const by = await made(limits);
    const invitation = await send(by, role);
    await runOut(invitation);
    const next = await send(by, role);
    await expect(resend(by, invitation)).rejects.toMatchObject({ kind: 'conflict', code });
    // One that is out still has its place already.
    await expect(resend(by, next)).resolves.toMatchObject({ generation: 2 });
    await revoke(by, next);
    const sent = await resend(by, invitation);
    expect(sent.expiresAt).toEqual(new Date(clock.now().getTime() + 7 * DAYS));
    await expect(come(by, sent)).resolves.toBeDefined();
  });
});

describe('whoever accepts', () => {
  it('is asked again for an address of the domains that there are now', async () => {
    const by = await made();
    await tenantOf(by, `allowed_domains = '{acme.example}'`);
    const invitation = await send(by, 'viewer');
    await tenantOf(by, `allowed_domains = '{other.example}'`);
    const refused = { kind: 'forbidden', code: 'DOMAIN_NOT_ALLOWED' };
    await expect(come(by, invitation)).rejects.toMatchObject(refused);
    await expect(resend(by, invitation)).rejects.toMatchObject(refused);
    expect(await rolesIn(by.tenantId)).toEqual(['owner']);
    await tenantOf(by, `allowed_domains = '{other.example,acme.example}'`);
    await expect(come(by, invitation)).resolves.toBeDefined();
  });

  it('waits while the organisation is suspended', async () => {
    const by = await made();
    const invitation = await send(by, 'viewer');
    await tenantOf(by, `status = 'suspended'`);
    const refused = { kind: 'forbidden', code: 'TENANT_SUSPENDED' };
    await expect(come(by, invitation)).rejects.toMatchObject(refused);
    await expect(within(by, () => world.accept.decline(world.tokens.of(invitation)))).rejects.toMatchObject(
      refused,
    );
    await tenantOf(by, `status = 'active'`);
    await expect(come(by, invitation)).resolves.toBeDefined();
  });
});
