import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import { call, type ErrorBody, PASSWORD, refusal, type RegisteredBody } from '../support/person.js';
import { teamOf } from '../support/team.js';
import { codeOf } from '../support/authenticator.js';

const product = journeyProduct();
const team = teamOf(product);
const { ask, refused, member, members } = team;

const register = (body: object) => call<RegisteredBody & ErrorBody>(`${product.v1}/auth/register`, { body });
/** What a sign-in is answered, with the token of its next step. */
async function signIn(email: string, password = PASSWORD) {
  const { status, body } = await call<ErrorBody>(`${product.v1}/auth/login`, { body: { email, password } });
  return { status, code: body.error?.code, token: body.error?.details?.mfa_token };
}

describe('who is in no organisation any more (S1-27)', () => {
  it('leaves by themselves, and comes back only by another invitation', async () => {
    const owner = await team.owner();
    const developer = await member(owner, 'developer');
    expect(await ask(developer, '/tenant/leave', { method: 'POST' })).toEqual({ status: 'left' });
    await eventually(async () => {
      expect(await refused(developer, '/auth/me')).toEqual([401, 'UNAUTHENTICATED']);
    });
    expect(await members(owner)).toHaveLength(1);
    expect(await refused(owner, `/tenant/members/${developer.id}`, { method: 'DELETE' })).toEqual([
      404,
      'NOT_FOUND',
    ]);

    // The account is theirs still, and only who has shown that is told.
    const { email } = developer;
    expect((await signIn(email, `${PASSWORD}?`)).code).toBe('INVALID_CREDENTIALS');
    const { status, code, token: mfa_token } = await signIn(email);
    expect([status, code]).toEqual([403, 'NO_ORGANIZATION']);
    const stranger = await team.invite(owner, 'viewer');
    const foreign = await team.tokenTo(stranger.email);
    expect(refusal(await register({ mfa_token, invitation_token: foreign }))).toEqual([
      403,
      'INVITATION_FOR_OTHER_ADDRESS',
    ]);
    await team.invite(owner, 'viewer', email);
    const invitation_token = await team.tokenTo(email, 2);
    expect(refusal(await team.signUpInvited(email, invitation_token))).toEqual([409, 'ACCOUNT_EXISTS']);
    const back = await register({ mfa_token, invitation_token });
    expect([back.status, back.body.user?.id]).toEqual([201, developer.user_id]);
    expect(await ask(back.body, '/auth/me')).toMatchObject({
      role: 'viewer',
      tenant: { id: owner.tenant.id },
    });
    expect(refusal(await register({ mfa_token, organization_name: 'Mine' }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect((await signIn(email)).status).toBe(200);
  });

  it('can set a password that they have forgotten, and come back with it', async () => {
    const owner = await team.owner();
    const { id, email } = await member(owner, 'developer');
    await ask(owner, `/tenant/members/${id}`, { method: 'DELETE' });
    expect((await signIn(email)).code).toBe('NO_ORGANIZATION');

    await call(`${product.v1}/auth/password/forgot`, { body: { email } });
    const token = await eventually(async () =>
      tokenIn((await mailsTo(email)).findLast(({ text }) => text.includes('/reset'))),
    );
    const password = 'nine herons over the estuary';
    const { status, body } = await call(`${product.v1}/auth/password/confirm`, {
      body: { token, password },
    });
    expect([status, body]).toEqual([200, { status: 'changed', revoked: 0 }]);
    expect((await signIn(email)).code).toBe('INVALID_CREDENTIALS');
    const { code, token: mfa_token } = await signIn(email, password);
    expect(code).toBe('NO_ORGANIZATION');
    await eventually(async () => {
      expect((await mailsTo(email)).map(({ subject }) => subject).join()).toContain('password was changed');
    });
    expect((await register({ mfa_token, organization_name: 'Estuary' })).status).toBe(201);
  });

  it('makes an organisation of their own, once, after the second factor that they have', async () => {
    const owner = await team.owner();
    const developer = await member(owner, 'developer');
    const { secret } = await ask<{ secret: string }>(developer, '/auth/mfa/totp/enroll', {
      body: { password: PASSWORD },
    });
    await ask(developer, '/auth/mfa/totp/confirm', { body: { code: codeOf(secret) } });
    const other = await member(owner, 'viewer');
    for (const { id } of [developer, other]) await ask(owner, `/tenant/members/${id}`, { method: 'DELETE' });

    const asked = await signIn(developer.email);
    expect([asked.status, asked.code]).toEqual([401, 'MFA_REQUIRED']);
    const early = { mfa_token: asked.token, organization_name: 'Early' };
    expect(refusal(await register(early))).toEqual([401, 'UNAUTHENTICATED']);
    const shown = await call<ErrorBody>(`${product.v1}/auth/mfa/totp/challenge`, {
      body: { mfa_token: asked.token, code: codeOf(secret, 1) },
    });
    expect(refusal(shown)).toEqual([403, 'NO_ORGANIZATION']);
    const { mfa_token } = shown.body.error.details!;
    const made = await Promise.all(
      ['First', 'Second'].map((organization_name) => register({ mfa_token, organization_name })),
    );
    expect(made.map(({ status }) => status).toSorted()).toEqual([201, 401]);
    const { body } = made.find(({ status }) => status === 201)!;
    expect([body.user.id, body.license.key]).toEqual([developer.user_id, expect.any(String)]);
    expect(await ask(body, '/auth/me')).toMatchObject({ role: 'owner' });
    const { data } = await ask<{ data: unknown[] }>(body, '/tenants');
    expect(data).toHaveLength(1);

    // What was shown before the password was another is worth nothing, and nothing is made by it.
    const before = await signIn(other.email);
    await product.query(
      "update identity.passwords set changed_at = changed_at + interval '1 s' where user_id = $1",
      [other.user_id],
    );
    const late = { mfa_token: before.token, organization_name: 'Late' };
    expect(refusal(await register(late))).toEqual([401, 'UNAUTHENTICATED']);
    const [none] = await product.query<{ n: number }>(
      `select count(*)::int as n from tenancy.tenants where name in ('Early', 'Late')`,
    );
    expect(none).toEqual({ n: 0 });
  });
});
