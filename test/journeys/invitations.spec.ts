import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  refusal,
  type RegisteredBody,
  signInWithGoogle,
  signUp,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import { type InvitationBody, type Somebody, teamOf } from '../support/team.js';

interface PreviewBody {
  tenant: { id: string; name: string };
  email: string;
  role: string;
  invited_by: string | null;
  account_exists: boolean;
}

const product = journeyProduct();
const team = teamOf(product);
const { ask, refused, member, members } = team;

const withToken = <T>(path: string, token: string) =>
  call<T & ErrorBody>(`${product.v1}/invitations/${path}`, { body: { token } });
const preview = (token: string) => withToken<PreviewBody>('preview', token);
const accept = (who: Pick<Somebody, 'access_token'>, token: string) =>
  call<{ membership: { role: string }; tenant: { id: string } } & ErrorBody>(
    `${product.v1}/invitations/accept`,
    { bearer: who.access_token, body: { token } },
  );
const GONE = [410, 'INVITATION_GONE'];

describe('an invitation', () => {
  let owner: RegisteredBody;
  beforeAll(async () => void (owner = await team.owner()));

  it('leads somebody new into the organisation, with a proved address and no organisation of their own', async () => {
    const email = newEmail();
    const made = await team.invite(owner, 'developer', email.toUpperCase());
    expect(made).toMatchObject({ email, role: 'developer', status: 'pending', invited_by: owner.user.id });
    const [mail] = await mailsTo(email);
    expect(mail!.text).toContain('Ada invites you to join Acme Tools as developer.');
    expect(mail!.text).toMatch(/^ {2}http:\/\/127\.0\.0\.1\/invite#token=ivt_\S+$/m);
    const token = tokenIn(mail);
    const seen = await preview(token);
    expect([seen.status, seen.body]).toEqual([
      200,
      {
        tenant: { id: owner.tenant.id, name: 'Acme Tools', slug: owner.tenant.slug },
        email,
        role: 'developer',
        invited_by: 'Ada',
        account_exists: false,
        expires_at: made.expires_at,
      },
    ]);
    const other = await team.signUpInvited(newEmail(), token);
    expect(refusal(other)).toEqual([403, 'INVITATION_FOR_OTHER_ADDRESS']);

    const { status, body } = await team.signUpInvited(email, token);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      user: { email, email_verified: true },
      tenant: { id: owner.tenant.id },
      license: { id: owner.license.id },
    });
    expect(body.license.key).toBeUndefined();
    expect(await ask(body, '/tenants')).toMatchObject({
      data: [{ id: owner.tenant.id, role: 'developer' }],
    });
    // It was good once; neither the key nor a link to prove the address came by mail besides.
    expect(refusal(await preview(token))).toEqual(GONE);
    expect(refusal(await team.signUpInvited(email, token))).toEqual(GONE);
    expect(await mailsTo(email, 0)).toHaveLength(1);
    const login = { body: { email, password: PASSWORD } };
    expect((await succeed<RegisteredBody>(`${product.v1}/auth/login`, login)).tenant.id).toBe(
      owner.tenant.id,
    );
    expect(await ask(owner, '/tenant/invitations')).toEqual({ data: [], next_cursor: null });
    expect(await ask(owner, '/tenant/invitations?status=accepted')).toMatchObject({
      data: [{ id: made.id, status: 'accepted' }],
    });
  });

  it('is accepted by who has the account, in whichever organisation they are, and repeatably', async () => {
    const ada = await signUp(product.api.url, { email: newEmail() });
    const { email } = ada.user;
    await team.invite(owner, 'viewer', email);
    const token = await team.tokenTo(email, 2);
    expect((await preview(token)).body.account_exists).toBe(true);
    expect(refusal(await team.signUpInvited(email, token))).toEqual([409, 'ACCOUNT_EXISTS']);

    const stranger = await signUp(product.api.url);
    expect(refusal(await accept(stranger, token))).toEqual([403, 'INVITATION_FOR_OTHER_ADDRESS']);
    for (let times = 0; times < 2; times++) {
      const { status, body } = await accept(ada, token);
      expect([status, body]).toMatchObject([
        200,
        { tenant: { id: owner.tenant.id }, membership: { role: 'viewer' } },
      ]);
    }
    expect((await ask<{ data: unknown[] }>(ada, '/tenants')).data).toHaveLength(2);
    const there = await ask<RegisteredBody>(ada, '/auth/switch', { body: { tenant_id: owner.tenant.id } });
    expect(await ask(there, '/auth/me')).toMatchObject({ role: 'viewer' });
    expect(await refused(owner, '/tenant/invitations', { body: { email, role: 'viewer' } })).toEqual([
      409,
      'ALREADY_MEMBER',
    ]);
  });

  it('waits for the proof of who has not verified their address', async () => {
    const claimant = await signUpByPassword(product.api.url);
    await team.invite(owner, 'viewer', claimant.user.email);
    const token = await team.tokenTo(claimant.user.email, 2);
    expect(refusal(await accept(claimant, token))).toEqual([403, 'EMAIL_NOT_VERIFIED']);
  });

  it('leads somebody in who signs up by a provider, whatever that says of the address', async () => {
    const email = newEmail();
    await team.invite(owner, 'viewer', email);
    const invitation_token = await team.tokenTo(email);
    const bearer = await signInWithGoogle(email, false);
    const register = () =>
      call<RegisteredBody & ErrorBody>(`${product.v1}/auth/register`, { bearer, body: { invitation_token } });
    const { status, body } = await register();
    expect([status, body]).toMatchObject([201, { user: { email, email_verified: true } }]);
    expect(refusal(await register())).toEqual(GONE);
  });

  it('is void once it was taken back, declined or sent again, and has one end', async () => {
    const [revoked, declined, resent] = await Promise.all([0, 1, 2].map(() => team.invite(owner, 'viewer')));
    const [of, no, old] = await Promise.all(
      [revoked!, declined!, resent!].map((one) => team.tokenTo(one.email)),
    );
    const path = (one: InvitationBody) => `/tenant/invitations/${one.id}`;
    expect(await ask(owner, path(revoked!), { method: 'DELETE' })).toEqual({ status: 'revoked' });
    expect((await withToken('decline', no!)).status).toBe(200);
    await ask(owner, `${path(resent!)}/resend`, { method: 'POST' });
    const next = await team.tokenTo(resent!.email, 2);
    for (const token of [of, no, old]) {
      expect(refusal(await preview(token!))).toEqual(GONE);
      expect(refusal(await withToken('decline', token!))).toEqual(GONE);
    }
    for (const one of [revoked!, declined!]) {
      expect(await refused(owner, path(one), { method: 'DELETE' })).toEqual([409, 'INVITATION_ENDED']);
      expect(await refused(owner, `${path(one)}/resend`, { method: 'POST' })).toEqual([
        409,
        'INVITATION_ENDED',
      ]);
    }
    expect((await team.signUpInvited(resent!.email, next)).status).toBe(201);
    await eventually(async () => {
      const { data } = await ask<AuditBody>(owner, '/audit?limit=100');
      expect(data.map(({ action }) => action)).toEqual(
        expect.arrayContaining([
          'INVITATION_CREATED',
          'INVITATION_RESENT',
          'INVITATION_REVOKED',
          'INVITATION_DECLINED',
          'INVITATION_ACCEPTED',
        ]),
      );
      expect(JSON.stringify(data)).not.toContain('ivt_');
    });
  });

  it('runs out after a week, and makes way for another', async () => {
    const { id, email } = await team.invite(owner, 'viewer');
    const token = await team.tokenTo(email);
    const body = { email, role: 'viewer' };
    expect(await refused(owner, '/tenant/invitations', { body })).toEqual([409, 'INVITATION_PENDING']);
    const [row] = await product.query<{ days: number }>(
      `select extract(day from expires_at - created_at)::int as days from tenancy.invitations where id = $1`,
      [id],
    );
    expect(row!.days).toBe(7);
    await product.query('update tenancy.invitations set expires_at = now() where id = $1', [id]);
    expect(refusal(await preview(token))).toEqual(GONE);
    expect(await ask(owner, '/tenant/invitations?status=expired')).toMatchObject({ data: [{ id }] });
    expect(await ask(owner, '/tenant/invitations', { body })).toMatchObject({ status: 'pending' });
  });

  it('is known to its own organisation alone', async () => {
    const { id, email } = await team.invite(owner, 'viewer');
    const stranger = await team.owner('FREE');
    for (const [method, path] of [
      ['DELETE', `/tenant/invitations/${id}`],
      ['POST', `/tenant/invitations/${id}/resend`],
    ] as const)
      expect(await refused(stranger, path, { method })).toEqual([404, 'NOT_FOUND']);
    const token = await team.tokenTo(email);
    const forged = token.slice(0, -4) + (token.endsWith('AAAA') ? 'BAAA' : 'AAAA');
    for (const text of [forged, 'ivt_x', 'mlt_x']) expect(refusal(await preview(text))).toEqual(GONE);
  });

  it('is not better than who sent it: an admin who is one no more invites nobody', async () => {
    const admin = await member(owner, 'admin');
    const { email } = await team.invite(admin, 'developer');
    const token = await team.tokenTo(email);
    // As if the process that demoted them had left the invitation standing.
    await product.query(`update tenancy.memberships set role = 'viewer' where id = $1`, [admin.id]);
    expect(refusal(await team.signUpInvited(email, token))).toEqual(GONE);
    expect(await refused(admin, '/tenant/invitations', { body: { email, role: 'viewer' } })).toEqual([
      403,
      'MISSING_SCOPE',
    ]);
  });
});

describe('how many people a plan lets in', () => {
  it('counts those who are invited when inviting, of all and of those who run the program', async () => {
    const owner = await team.owner('FREE');
    const invite = (role: string) =>
      refused(owner, '/tenant/invitations', { body: { email: newEmail(), role } });
    expect(await invite('developer')).toEqual([409, 'SEAT_LIMIT_REACHED']);
    await member(owner, 'viewer');
    await team.invite(owner, 'billing');
    expect(await invite('viewer')).toEqual([409, 'MEMBER_LIMIT_REACHED']);
    const viewer = (await members(owner)).find(({ role }) => role === 'viewer')!;
    const change = { method: 'PATCH', body: { role: 'developer' } };
    expect(await refused(owner, `/tenant/members/${viewer.id}`, change)).toEqual([409, 'SEAT_LIMIT_REACHED']);
  });
});
