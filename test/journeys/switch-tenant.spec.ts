import { aged } from '../support/aged-session.js';
import { codeOf } from '../support/authenticator.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { joins } from '../support/memberships.js';
import { promised } from '../support/patience.js';
import {
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  payloadOf,
  refusal,
  type RegisteredBody,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import { ofProgram } from '../support/programs.js';
import { askToken } from '../support/service-accounts.js';
import { connected } from '../support/tables.js';

interface Claims {
  sid: string;
  tenant_id: string;
  role: string;
  amr: string[];
  auth_time: number;
  epoch: number;
}
type Answered = RegisteredBody & ErrorBody & { secret: string; signed_in: RegisteredBody };

const product = journeyProduct({ AUTH_SIGNUP_QUOTA: '1000' });
let other: ProductProcess;
beforeAll(async () => {
  other = await product.startApi();
});

/** What becomes of a session every process knows within two seconds. */
const AT_ONCE = { withinMs: promised(2_000) };
const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  client_id: 'gatehouse-cli',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};

const claimsOf = ({ access_token: token }: Pick<RegisteredBody, 'access_token'>) => payloadOf<Claims>(token);
const post = (path: string, body: object, bearer?: string) =>
  call<Answered>(`${product.v1}/auth/${path}`, { body, bearer });
const login = (email: string, more: object = {}) => post('login', { email, password: PASSWORD, ...more });
type Tokens = Pick<RegisteredBody, 'access_token' | 'refresh_token'>;
/** As programs and pages do it. */
const toTenant = (one: Tokens, tenantId: string) =>
  post('switch', { tenant_id: tenantId, refresh_token: one.refresh_token }, one.access_token);
/** As whoever was shown an access token does it. */
const byAccessToken = ({ access_token: bearer }: Pick<Tokens, 'access_token'>, tenantId: string) =>
  post('switch', { tenant_id: tenantId }, bearer);
const exchange = (subject_token: string, audience: string, kind = 'access_token') => {
  const subject_token_type = `urn:ietf:params:oauth:token-type:${kind}`;
  return askToken(product.api.url, { ...EXCHANGE, subject_token, subject_token_type, audience });
};
const refresh = ({ refresh_token }: Pick<RegisteredBody, 'refresh_token'>) =>
  post('refresh', { refresh_token });
const statuses = ({ access_token: bearer }: Pick<RegisteredBody, 'access_token'>) =>
  Promise.all(
    [product.api, other].map(async (api) => (await call(`${api.url}/api/v1/auth/me`, { bearer })).status),
  );
/** Their sessions that are not over, in whichever organisation. */
const aliveOf = async ({ user }: RegisteredBody) =>
  (
    await product.query<{ id: string }>(
      'select id from identity.auth_sessions where user_id = $1 and ended_at is null',
      [user.id],
    )
  ).map((one) => one.id);
const operator = (...args: string[]) => product.admin('tenant', ...args, '--reason', 'a test');

/** Somebody with an organisation of their own, who is in another one as well. */
async function inTwo(role = 'member'): Promise<{ ada: RegisteredBody; acme: RegisteredBody }> {
  const acme = await signUpByPassword(product.api.url);
  return { ada: await inTwoOf(acme, role), acme };
}

/** The same where the other one is there. */
async function inTwoOf(acme: RegisteredBody, role = 'member'): Promise<RegisteredBody> {
  const ada = await signUpByPassword(product.api.url);
  await joins(product, ada, acme, role);
  return ada;
}

describe('switching to another organisation (S2-42)', () => {
  it('gives a session of its own there, as its owner signed in; the one before goes on', async () => {
    const { ada, acme } = await inTwo('viewer');
    const { status, body } = await toTenant(ada, acme.tenant.id);
    expect([status, body.tenant.id, body.user.id]).toEqual([200, acme.tenant.id, ada.user.id]);
    const [before, there] = [claimsOf(ada), claimsOf(body)];
    expect(there).toMatchObject({ tenant_id: acme.tenant.id, role: 'viewer' });
    expect([there.amr, there.auth_time]).toEqual([before.amr, before.auth_time]);
    expect(there.sid).not.toBe(before.sid);
    const bearer = body.access_token;
    const me = await succeed<{ role: string }>(`${product.v1}/auth/me`, { bearer });
    expect(me.role).toBe('viewer');
    const { data } = await succeed<{ data: { id: string }[] }>(`${product.v1}/auth/sessions`, { bearer });
    expect(data.map((one) => one.id).sort()).toEqual([before.sid, there.sid].sort());

    await post('logout', { refresh_token: body.refresh_token });
    await eventually(async () => expect(await statuses(body)).toEqual([401, 401]), AT_ONCE);
    expect(await statuses(ada)).toEqual([200, 200]);
    expect((await refresh(ada)).status).toBe(200);
  });

  it('is the token exchange of RFC 8693 at /oauth/token', async () => {
    const { ada, acme } = await inTwo();
    const ask = (fields: Record<string, string>) =>
      askToken(product.api.url, { ...EXCHANGE, subject_token: ada.access_token, ...fields });
    const done = await ask({ audience: acme.tenant.id });
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      issued_token_type: EXCHANGE.subject_token_type,
    });
    expect(claimsOf(done.body)).toMatchObject({ tenant_id: acme.tenant.id, role: 'member' });

    // What outlives the hour takes the token that does.
    const later = await exchange(ada.refresh_token, acme.tenant.id, 'refresh_token');
    expect(claimsOf(later.body)).toMatchObject({ tenant_id: acme.tenant.id, role: 'member' });

    const stranger = await signUpByPassword(product.api.url);
    for (const [fields, status, error] of [
      [{ audience: stranger.tenant.id }, 400, 'invalid_target'],
      [{ audience: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d' }, 400, 'invalid_target'],
      [{ audience: `${acme.tenant.id}' or '1'='1` }, 400, 'invalid_target'],
      [{}, 400, 'invalid_request'],
      [{ audience: acme.tenant.id, subject_token: 'x.y.z' }, 400, 'invalid_request'],
      [{ audience: acme.tenant.id, subject_token: ada.refresh_token }, 400, 'invalid_request'],
      [
        {
          audience: acme.tenant.id,
          subject_token_type: EXCHANGE.subject_token_type.replace('access', 'refresh'),
        },
        400,
        'invalid_request',
      ],
      [{ audience: acme.tenant.id, subject_token_type: 'urn:x' }, 400, 'invalid_request'],
      [{ audience: acme.tenant.id, requested_token_type: 'urn:x' }, 400, 'invalid_request'],
      [{ audience: acme.tenant.id, actor_token: ada.access_token }, 400, 'invalid_request'],
      [{ audience: acme.tenant.id, client_id: 'somebody' }, 401, 'invalid_client'],
      [{ audience: acme.tenant.id, client_secret: 'x' }, 401, 'invalid_client'],
    ] as const) {
      const answer = await ask(fields as Record<string, string>);
      expect([fields, answer.status, answer.body.error]).toEqual([fields, status, error]);
    }
  });

  it('leads nowhere that its owner is not in', async () => {
    const { ada } = await inTwo();
    const stranger = await signUpByPassword(product.api.url);
    for (const tenantId of [stranger.tenant.id, 'ten_01k9zq6mwee4rr8q3fjz6c1v2d'])
      expect(refusal(await toTenant(ada, tenantId))).toEqual([404, 'NOT_FOUND']);
    expect(refusal(await login(ada.user.email, { tenant_id: stranger.tenant.id }))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    // Without the password nobody learns where somebody is.
    const wrong = { password: 'not the right one', tenant_id: stranger.tenant.id };
    expect(refusal(await login(ada.user.email, wrong))).toEqual([401, 'INVALID_CREDENTIALS']);
  });

  it('asks what the other one asks: whoever is suspended with one of them goes on in another', async () => {
    const { ada, acme } = await inTwo();
    await operator('suspend', acme.tenant.id);
    expect(refusal(await toTenant(ada, acme.tenant.id))).toEqual([403, 'TENANT_SUSPENDED']);
    await operator('reactivate', acme.tenant.id);
    expect((await toTenant(ada, acme.tenant.id)).status).toBe(200);

    await operator('suspend', ada.tenant.id);
    await eventually(async () => expect(await statuses(ada)).toEqual([403, 403]), AT_ONCE);
    expect((await toTenant(ada, acme.tenant.id)).status).toBe(200);
    // Signing in leads to the oldest that is not suspended, or to the one that is named.
    expect((await login(ada.user.email)).body.tenant.id).toBe(acme.tenant.id);
    expect((await login(ada.user.email, { tenant_id: acme.tenant.id })).body.tenant.id).toBe(acme.tenant.id);
    expect(refusal(await login(ada.user.email, { tenant_id: ada.tenant.id }))).toEqual([
      403,
      'TENANT_SUSPENDED',
    ]);
  });

  it('asks for the second factor that the other one asks for, and only while the session lives', async () => {
    const { ada, acme } = await inTwo();
    await operator('sign-in', acme.tenant.id, '--second-factor', 'required');
    const owed = await toTenant(ada, acme.tenant.id);
    expect(refusal(owed)).toEqual([401, 'MFA_ENROLLMENT_REQUIRED']);
    const token = String(owed.body.error.details?.mfa_token);
    const exchanged = await askToken(product.api.url, {
      ...EXCHANGE,
      subject_token: ada.access_token,
      audience: acme.tenant.id,
    });
    expect(exchanged.body).toMatchObject({ error: 'interaction_required', mfa_token: expect.any(String) });

    const { secret } = (await post('mfa/totp/enroll', { mfa_token: token })).body;
    const { body } = await post('mfa/totp/confirm', { mfa_token: token, code: codeOf(secret) });
    expect(claimsOf(body.signed_in)).toMatchObject({
      tenant_id: acme.tenant.id,
      amr: ['pwd', 'otp', 'mfa'],
    });
    // What somebody owes who is signed out since is nobody's any more.
    const fresh = await inTwo();
    await operator('sign-in', fresh.acme.tenant.id, '--second-factor', 'required');
    const late = await toTenant(fresh.ada, fresh.acme.tenant.id);
    const lateToken = String(late.body.error.details?.mfa_token);
    const begun = await post('mfa/totp/enroll', { mfa_token: lateToken });
    await post('logout', { refresh_token: fresh.ada.refresh_token });
    const refused = await post('mfa/totp/confirm', {
      mfa_token: lateToken,
      code: codeOf(begun.body.secret),
    });
    expect(refusal(refused)).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('sets up no second factor by a session that is not fresh, nor for a program', async () => {
    const { ada, acme } = await inTwo();
    await operator('sign-in', acme.tenant.id, '--second-factor', 'required');
    const stale = await aged(product, ada);
    const program = await ofProgram(product, await inTwoOf(acme));
    for (const one of [stale, program]) {
      expect(refusal(await toTenant(one, acme.tenant.id))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
      const exchanged = await exchange(one.refresh_token, acme.tenant.id, 'refresh_token');
      expect([exchanged.status, exchanged.body]).toEqual([
        400,
        expect.not.objectContaining({ mfa_token: expect.anything() }),
      ]);
      const again = await post('reauthenticate', { password: PASSWORD }, one.access_token);
      expect(refusal(await byAccessToken(again.body, acme.tenant.id))).toEqual([
        401,
        'MFA_ENROLLMENT_REQUIRED',
      ]);
    }
  });

  it('makes nothing that lasts of an access token: not elsewhere, and not at home by way of elsewhere', async () => {
    const { ada, acme } = await inTwo();
    await product.query('update identity.users set email_verified = true where id = $1', [ada.user.id]);
    const stale = await aged(product, ada);
    const unproved = [403, 'REAUTHENTICATION_REQUIRED'];
    expect(refusal(await byAccessToken(stale, acme.tenant.id))).toEqual(unproved);
    // An organisation of one's own is made by an access token alone; it is no way round.
    const bearer = stale.access_token;
    const own = await succeed<{ id: string }>(`${product.v1}/tenants`, {
      ...{ bearer, body: { organization_name: 'A way round' } },
    });
    expect(refusal(await byAccessToken(stale, own.id))).toEqual(unproved);
    const stranger = await signUpByPassword(product.api.url);
    // What it says of its session, and somebody else's secret.
    const secret = stale.refresh_token.slice(0, -43) + stranger.refresh_token.slice(-43);
    for (const refresh_token of [stranger.refresh_token, secret, ada.refresh_token.slice(0, -1), 'rft_'])
      expect(refusal(await post('switch', { tenant_id: acme.tenant.id, refresh_token }, bearer))).toEqual(
        unproved,
      );
    const exchanged = await exchange(bearer, acme.tenant.id);
    expect([exchanged.status, exchanged.body.error]).toEqual([400, 'invalid_request']);
    for (const token of [secret, stranger.refresh_token.slice(1)])
      expect((await exchange(token, acme.tenant.id, 'refresh_token')).body.error).toBe('invalid_request');

    // Who has the session goes there and back; the token that was shown there leads back no more than here.
    const there = (await toTenant(stale, acme.tenant.id)).body;
    expect(claimsOf(there).tenant_id).toBe(acme.tenant.id);
    expect(refusal(await byAccessToken(there, ada.tenant.id))).toEqual(unproved);
    const back = await toTenant(there, ada.tenant.id);
    expect([back.status, claimsOf(back.body).tenant_id]).toEqual([200, ada.tenant.id]);
    // A token that was exchanged shows no session any more once its successor was used.
    const next = (await refresh(there)).body;
    await refresh(next);
    await product.query(
      `update identity.refresh_tokens set rotated_at = rotated_at - interval '1 minute' where session_id = $1`,
      [claimsOf(there).sid],
    );
    const late = { ...there, access_token: next.access_token };
    expect(refusal(await toTenant(late, ada.tenant.id))).toEqual(unproved);
  });

  it('ends with the sign-in that is somebody else’s, and is none at home', async () => {
    const { ada, acme } = await inTwo();
    expect(refusal(await toTenant(ada, ada.tenant.id))).toEqual([409, 'ALREADY_THERE']);
    const home = await exchange(ada.access_token, ada.tenant.id);
    expect(home.body).toMatchObject({ error: 'invalid_target' });

    const there = (await toTenant(ada, acme.tenant.id)).body;
    const back = (await toTenant(there, ada.tenant.id)).body;
    const elsewhere = (await login(ada.user.email)).body;
    // Twice on: the first token is somebody's who should not have it.
    const next = (await refresh(ada)).body;
    await refresh(next);
    await product.query(
      `update identity.refresh_tokens set rotated_at = rotated_at - interval '1 minute',
         successor_used_at = successor_used_at - interval '1 minute' where session_id = $1`,
      [claimsOf(ada).sid],
    );
    expect((await refresh(ada)).status).toBe(401);
    expect(await aliveOf(ada)).toEqual([claimsOf(elsewhere).sid]);
    await eventually(async () => {
      for (const one of [there, back]) expect(await statuses(one)).toEqual([401, 401]);
    });
    expect((await refresh(back)).status).toBe(401);
    expect(await statuses(elsewhere)).toEqual([200, 200]);
  });

  it('lets nothing derive from what is not ended yet while the rest of a stolen sign-in is', async () => {
    const { ada, acme } = await inTwo();
    const brook = await signUpByPassword(product.api.url);
    await joins(product, ada, brook);
    const first = (await toTenant(ada, acme.tenant.id)).body;
    const second = (await toTenant(ada, brook.tenant.id)).body;
    await refresh((await refresh(ada)).body);
    await product.query(
      `update identity.refresh_tokens set rotated_at = rotated_at - interval '1 minute',
         successor_used_at = successor_used_at - interval '1 minute' where session_id = $1`,
      [claimsOf(ada).sid],
    );
    const held = await connected(product.database.ownerUrl);
    try {
      await held.query('begin');
      const { rows } = await held.query<{ pid: number }>(
        'select pg_backend_pid() as pid from identity.auth_sessions where id = $1 for update',
        [claimsOf(first).sid],
      );
      const reused = refresh(ada);
      // It ends tenant by tenant, and waits in this one.
      const waiting = 'select 1 from pg_stat_activity where $1 = any (pg_blocking_pids(pid))';
      await eventually(async () => expect(await product.query(waiting, [rows[0]?.pid])).not.toEqual([]));
      expect(refusal(await toTenant(second, ada.tenant.id))).toEqual([401, 'UNAUTHENTICATED']);
      await held.query('rollback');
      expect((await reused).status).toBe(401);
    } finally {
      await held.end();
    }
    expect(await aliveOf(ada)).toEqual([]);
    await eventually(async () => {
      for (const one of [ada, first, second]) expect(await statuses(one)).toEqual([401, 401]);
    });
  });

  it('leaves a thief nothing: what derives from a session while a new password ends it, ends as well', async () => {
    const { ada, acme } = await inTwo();
    const stolen = (await login(ada.user.email, { tenant_id: ada.tenant.id })).body;
    const changing = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        post(
          'password/change',
          { current_password: PASSWORD, new_password: 'seven lanterns over gravel' },
          ada.access_token,
        ).then(
          ({ status }) => (status === 200 ? resolve() : reject(new Error(`It was answered ${status}.`))),
          reject,
        );
      });
    });
    const tries = Array.from({ length: 30 }, (_, i) =>
      toTenant(stolen, i % 2 ? acme.tenant.id : ada.tenant.id),
    );
    const [answers] = await Promise.all([Promise.all(tries), changing]);
    const got = answers.filter((one) => one.status === 200).map((one) => one.body);
    // Those that were made before it have ended with it, those after it were never made.
    await eventually(async () => {
      for (const one of [stolen, ...got]) expect(await statuses(one)).toEqual([401, 401]);
    });
    for (const one of [stolen, ...got]) expect((await refresh(one)).status).toBe(401);
    const [row] = await product.query<{ live: number }>(
      'select count(*)::int as live from identity.auth_sessions where user_id = $1 and ended_at is null',
      [ada.user.id],
    );
    expect(row?.live).toBe(1);
    expect((await refresh(ada)).status).toBe(200);
  });
});

describe('what somebody may do changes', () => {
  it('outdates their access tokens at every process within two seconds, and the next say what holds', async () => {
    const { ada, acme } = await inTwo('member');
    const there = (await toTenant(ada, acme.tenant.id)).body;
    expect(claimsOf(there)).toMatchObject({ role: 'member', epoch: 0 });
    // As another process would commit it, which tells nobody.
    await product.query(
      `update tenancy.memberships set role = 'billing' where tenant_id = $1 and user_id = $2`,
      [acme.tenant.id, ada.user.id],
    );
    await product.query('insert into identity.token_epochs (tenant_id, user_id, epoch) values ($1, $2, 1)', [
      acme.tenant.id,
      ada.user.id,
    ]);
    await eventually(async () => expect(await statuses(there)).toEqual([401, 401]), AT_ONCE);
    const next = (await refresh(there)).body;
    expect(claimsOf(next)).toMatchObject({ role: 'billing', epoch: 1, sid: claimsOf(there).sid });
    expect(await statuses(next)).toEqual([200, 200]);
    expect(await statuses(ada)).toEqual([200, 200]);
  });

  it('ends the session of who is no member any more with its next refresh, wherever it began', async () => {
    const { ada, acme } = await inTwo();
    const there = (await toTenant(ada, acme.tenant.id)).body;
    await product.query('delete from tenancy.memberships where tenant_id = $1 and user_id = $2', [
      acme.tenant.id,
      ada.user.id,
    ]);
    expect(refusal(await refresh(there))).toEqual([401, 'UNAUTHENTICATED']);
    const rows = await product.query('select end_reason from identity.auth_sessions where id = $1', [
      claimsOf(there).sid,
    ]);
    expect(rows).toEqual([{ end_reason: 'membership_ended' }]);
    await eventually(async () => expect(await statuses(there)).toEqual([401, 401]), AT_ONCE);
    expect(refusal(await toTenant(ada, acme.tenant.id))).toEqual([404, 'NOT_FOUND']);
    expect((await refresh(ada)).status).toBe(200);
  });
});

describe('a suspension', () => {
  it('reaches every organisation of who is in more than a hundred', async () => {
    const ada = await signUpByPassword(product.api.url, newEmail());
    const last = await signUpByPassword(product.api.url);
    // The ids of these sort before the last one's.
    await product.query(
      `with made as (
         insert into tenancy.tenants (tenant_id, name, slug, status, plan, max_seats, created_at)
         select 'ten_00000000000000000000000' || lpad(n::text, 3, '0'), 'Many', 'many-' || n, 'active', 'FREE', 1, now()
         from generate_series(1, 120) n returning tenant_id)
       insert into tenancy.memberships (tenant_id, id, user_id, role, created_at)
       select tenant_id, replace(tenant_id, 'ten_', 'mem_'), $1, 'member', now() from made`,
      [ada.user.id],
    );
    await joins(product, ada, last);
    const there = (await toTenant(ada, last.tenant.id)).body;
    expect(claimsOf(there).tenant_id).toBe(last.tenant.id);
    await product.admin('users', 'suspend', ada.user.id, '--reason', 'a test');
    await eventually(async () => expect(await statuses(there)).toEqual([401, 401]), AT_ONCE);
    const rows = await product.query('select end_reason from identity.auth_sessions where id = $1', [
      claimsOf(there).sid,
    ]);
    expect(rows).toEqual([{ end_reason: 'user_suspended' }]);
  });
});
