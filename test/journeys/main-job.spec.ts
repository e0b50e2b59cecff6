import { part } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  proveAddress,
  type RegisteredBody,
  type SeatBody,
  signInWithGoogle,
  signUp,
  succeed,
} from '../support/person.js';

const product = journeyProduct();

const acquire = (bearer: string | undefined, body: object) =>
  call<SeatBody & ErrorBody>(`${product.v1}/licenses/acquire`, { bearer, body });
const beat = (session_id: string) =>
  call<SeatBody & ErrorBody>(`${product.v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id } });
const release = (session_id: string) =>
  call<{ released: boolean }>(`${product.v1}/licenses/release`, { method: 'DELETE', body: { session_id } });

describe('signing up (S1-14, S1-23)', () => {
  it('makes account, tenant, membership and licence, and signs in', async () => {
    const made = await signUp(product.api.url, { organization: 'Ächte Söhne & Co' });
    expect(made).toMatchObject({
      user: { email_verified: true },
      tenant: {
        name: 'Ächte Söhne & Co',
        slug: expect.stringMatching(/^achte-sohne-co/),
        plan: 'FREE',
        max_seats: 1,
      },
      license: {
        tier: 'FREE',
        status: 'active',
        key: expect.stringMatching(/^GH-FREE-[0-9A-F]{12}-[0-9A-F]{4}$/),
      },
      token_type: 'Bearer',
      expires_in: 3600,
    });
    const me = await succeed<object>(`${product.v1}/auth/me`, { bearer: made.access_token });
    expect(me).toMatchObject({
      user: { id: made.user.id },
      tenant: { id: made.tenant.id },
      role: 'owner',
      plan: 'FREE',
    });
  });

  it('gives the same account when repeated, without the key', async () => {
    const first = await signUp(product.api.url);
    const again = await call<RegisteredBody>(`${product.v1}/auth/register`, {
      bearer: first.idToken,
      body: { organization_name: 'Another name' },
    });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ user: first.user, tenant: first.tenant });
    expect(again.body.license.key).toBeUndefined();
  });

  it('makes one account of twenty sign-ups at once', async () => {
    const idToken = await signInWithGoogle(newEmail());
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call<RegisteredBody>(`${product.v1}/auth/register`, {
          bearer: idToken,
          body: { organization_name: 'Racing' },
        }),
      ),
    );
    expect(answers.filter((one) => one.status === 201)).toHaveLength(1);
    expect(answers.filter((one) => one.status === 200)).toHaveLength(19);
    expect(new Set(answers.map((one) => one.body.tenant.id)).size).toBe(1);
  });

  it('suffixes a slug that is taken', async () => {
    const [one, two] = await Promise.all([
      signUp(product.api.url, { organization: 'Same Name' }),
      signUp(product.api.url, { organization: 'Same Name' }),
    ]);
    expect(one.tenant.slug).not.toBe(two.tenant.slug);
  });

  it('accepts trial_days and ignores them (C49), and refuses what it does not know', async () => {
    const bearer = await signInWithGoogle(newEmail());
    const unknown = await call<ErrorBody>(`${product.v1}/auth/register`, {
      bearer,
      body: { organization_name: 'Acme', plan: 'ENTERPRISE' },
    });
    expect(unknown.status).toBe(422);
    expect(unknown.body.error.code).toBe('VALIDATION_FAILED');
    const made = await succeed<RegisteredBody>(`${product.v1}/auth/register`, {
      bearer,
      body: { organization_name: 'Acme', trial_days: 90 },
    });
    expect(made.tenant.plan).toBe('FREE');
  });

  it('takes an address as verified only when the issuer asserts it (C41), and then refuses what needs one', async () => {
    const bearer = await signInWithGoogle(newEmail(), false);
    const made = await succeed<RegisteredBody>(`${product.v1}/auth/register`, {
      bearer,
      body: { organization_name: 'Acme' },
    });
    expect(made.user.email_verified).toBe(false);
    const refused = await acquire(made.access_token, { hardware_id: 'laptop' });
    expect([refused.status, refused.body.error.code]).toEqual([403, 'EMAIL_NOT_VERIFIED']);

    // The issuer has seen proof since: whoever signs in again is not asked for more.
    await proveAddress(bearer);
    const proved = await signInWithGoogle(made.user.email);
    const back = await succeed<RegisteredBody>(`${product.v1}/auth/login`, {
      method: 'POST',
      bearer: proved,
    });
    expect(back).toMatchObject({ user: { id: made.user.id, email_verified: true } });
    expect((await acquire(back.access_token, { hardware_id: 'laptop' })).status).toBe(200);
  });
});

describe('coming back', () => {
  it('signs in who has an account, and nobody else', async () => {
    const made = await signUp(product.api.url);
    const back = await succeed<RegisteredBody>(`${product.v1}/auth/login`, {
      method: 'POST',
      bearer: made.idToken,
    });
    expect(back).toMatchObject({ user: { id: made.user.id }, tenant: { id: made.tenant.id } });

    const stranger = await signInWithGoogle(newEmail());
    const refused = await call<ErrorBody>(`${product.v1}/auth/login`, { method: 'POST', bearer: stranger });
    expect([refused.status, refused.body.error.code]).toEqual([403, 'NOT_REGISTERED']);
  });

  it('refreshes, also a hundred times at once, and signs out', async () => {
    const { refresh_token } = await signUp(product.api.url);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        call<RegisteredBody>(`${product.v1}/auth/refresh`, { body: { refresh_token } }),
      ),
    );
    expect(new Set(answers.map((one) => one.status))).toEqual(new Set([200]));
    const successors = new Set(answers.map((one) => one.body.refresh_token));
    expect(successors.size).toBe(1);

    const [next] = [...successors];
    await succeed(`${product.v1}/auth/refresh`, { body: { refresh_token: next } });
    expect(await succeed(`${product.v1}/auth/logout`, { body: { refresh_token: next } })).toEqual({
      revoked: 1,
    });
    expect(await succeed(`${product.v1}/auth/logout`, { body: { refresh_token: next } })).toEqual({
      revoked: 0,
    });
    expect((await call(`${product.v1}/auth/refresh`, { body: { refresh_token: next } })).status).toBe(401);
  });

  it('ends every session of a person', async () => {
    const made = await signUp(product.api.url);
    const other = await succeed<RegisteredBody>(`${product.v1}/auth/login`, {
      method: 'POST',
      bearer: made.idToken,
    });
    const ended = await succeed(`${product.v1}/auth/logout/all`, {
      method: 'POST',
      bearer: made.access_token,
    });
    expect(ended).toEqual({ revoked: 2 });
    for (const { refresh_token } of [made, other]) {
      expect((await call(`${product.v1}/auth/refresh`, { body: { refresh_token } })).status).toBe(401);
    }
  });
});

describe('the welcome mail (S1-15)', () => {
  it('arrives with the key', async () => {
    const email = newEmail();
    const { license } = await signUp(product.api.url, { email });
    const url = `${new URL(part('MAIL_URL')).origin}/messages.json?to=${encodeURIComponent(email)}&wait=10&count=1`;
    const mails = await succeed<{ text: string; html: string; message_id: string }[]>(url);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain(license.key);
    expect(mails[0]?.html).toContain(license.key);
    expect(mails[0]?.message_id).toMatch(/^<evt_\w+\.welcome@/);
  });
});

describe('a seat (S1-36..39)', () => {
  it('is held, kept and given back by the client of the sources, unmodified', async () => {
    const { access_token } = await signUp(product.api.url);
    const held = await acquire(access_token, { hardware_id: 'laptop' });
    expect(held.status).toBe(200);
    expect(held.body).toMatchObject({
      heartbeat_interval_seconds: 150,
      seats: { used: 1, max: 1 },
      license: { tier: 'FREE', entitlements: ['commands:execute'] },
    });
    expect((await beat(held.body.session_id)).body).toMatchObject({ seats: { used: 1, max: 1 } });
    expect(await release(held.body.session_id)).toMatchObject({ status: 200, body: { released: true } });
    expect(await release(held.body.session_id)).toMatchObject({ status: 200, body: { released: false } });
    const gone = await beat(held.body.session_id);
    expect([gone.status, gone.body.error.code]).toEqual([410, 'SEAT_GONE']);
  });

  it('is one seat for one device, however often and however parallel it asks', async () => {
    const { access_token } = await signUp(product.api.url);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => acquire(access_token, { hardware_id: 'laptop' })),
    );
    expect(new Set(answers.map((one) => one.body.session_id)).size).toBe(1);
  });

  it('goes to one of fifty that race for the last one', async () => {
    const { license } = await signUp(product.api.url);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        acquire(undefined, { hardware_id: `device-${i}`, license_key: license.key }),
      ),
    );
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1);
    const refused = answers.filter((one) => one.status === 409);
    expect(refused).toHaveLength(49);
    expect(refused[0]?.body.error).toMatchObject({
      code: 'SEATS_EXHAUSTED',
      details: { used: 1, max: 1, earliest_expiry: expect.stringMatching(/Z$/) },
    });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('needs a bearer or a key, and the key in any spelling', async () => {
    const { license } = await signUp(product.api.url);
    expect((await acquire(undefined, { hardware_id: 'x' })).status).toBe(401);
    expect(
      (await acquire(undefined, { hardware_id: 'x', license_key: 'GH-FREE-000000000000-0000' })).status,
    ).toBe(404);
    const spelled = ` ${license.key?.toLowerCase()} `;
    expect((await acquire(undefined, { hardware_id: 'x', license_key: spelled })).status).toBe(200);
  });

  it('is refused to a forged session id', async () => {
    const forged = await beat(`seat_${Buffer.alloc(81, 1).toString('base64url')}`);
    expect([forged.status, forged.body.error.code]).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('validating (S1-34)', () => {
  it('is a verdict, never an error', async () => {
    const { license } = await signUp(product.api.url);
    const validate = (body: object) =>
      call<{ valid: boolean; code: string }>(`${product.v1}/licenses/validate`, { body });
    expect(await validate({ license_key: license.key, nonce: 'n1' })).toMatchObject({
      status: 200,
      body: { valid: true, code: 'VALID', nonce: 'n1', license: { id: license.id } },
    });
    expect((await validate({ license_key: license.key, entitlements: ['sync:write'] })).body).toMatchObject({
      valid: false,
      code: 'ENTITLEMENT_MISSING',
    });
    for (const key of ['GH-FREE-000000000000-0000', 'nonsense', `${license.key}X`]) {
      expect(await validate({ license_key: key })).toMatchObject({
        status: 200,
        body: { valid: false, code: 'NOT_FOUND' },
      });
    }
  });
});

describe('the audit trail (S1-53, S3-53)', () => {
  it('shows the owner what happened, and a stranger nothing of it', async () => {
    const owner = await signUp(product.api.url);
    const stranger = await signUp(product.api.url);
    const held = await acquire(owner.access_token, { hardware_id: 'laptop' });
    await beat(held.body.session_id);
    await succeed(`${product.v1}/licenses/validate`, { body: { license_key: owner.license.key } });
    await release(held.body.session_id);

    const wanted = [
      'SEAT_RELEASED',
      'SEAT_ACQUIRED',
      'MAIL_SENT',
      'SESSION_STARTED',
      'LICENSE_ISSUED',
      'MEMBERSHIP_CREATED',
      'TENANT_REGISTERED',
      'USER_REGISTERED',
    ];
    const trail = await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit`, { bearer: owner.access_token });
      expect(data.map((entry) => entry.action).sort()).toEqual([...wanted].sort());
      return data;
    });
    for (const entry of trail) expect(entry.tenant_id).toBe(owner.tenant.id);
    const acquired = trail.find((entry) => entry.action === 'SEAT_ACQUIRED');
    expect(acquired).toMatchObject({
      user_id: owner.user.id,
      subject: owner.license.id,
      trace_id: held.headers.get('x-trace-id'),
      metadata: { license_id: owner.license.id },
    });
    expect(JSON.stringify(trail)).not.toContain(owner.license.key);
    expect(JSON.stringify(trail)).not.toContain('laptop');

    const theirs = await succeed<AuditBody>(`${product.v1}/audit`, { bearer: stranger.access_token });
    expect(JSON.stringify(theirs)).not.toContain(owner.tenant.id);
  });

  it('comes in pages that meet without a gap', async () => {
    const owner = await signUp(product.api.url);
    const all = await eventually(async () => {
      const page = await succeed<AuditBody>(`${product.v1}/audit?limit=100`, { bearer: owner.access_token });
      expect(page.data.length).toBe(6);
      return page.data;
    });
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const page: AuditBody = await succeed(`${product.v1}/audit?limit=2${query}`, {
        bearer: owner.access_token,
      });
      ids.push(...page.data.map((entry) => entry.id));
      cursor = page.next_cursor;
    } while (cursor);
    expect(ids).toEqual(all.map((entry) => entry.id));
  });
});

describe('tenants apart', () => {
  it('answers another tenant’s licence like one that does not exist', async () => {
    const [ours, theirs] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
    const bearer = ours.access_token;
    expect((await call(`${product.v1}/licenses/${ours.license.id}`, { bearer })).status).toBe(200);
    expect((await call(`${product.v1}/licenses/${theirs.license.id}`, { bearer })).status).toBe(404);
    expect((await acquire(bearer, { hardware_id: 'x', license_id: theirs.license.id })).status).toBe(404);
    expect((await acquire(bearer, { hardware_id: 'x', license_key: theirs.license.key })).status).toBe(404);
  });

  it('takes X-Tenant-Id only as a repetition of the token (C9)', async () => {
    const [ours, theirs] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
    const me = (tenantId: string) =>
      call<ErrorBody>(`${product.v1}/auth/me`, {
        bearer: ours.access_token,
        headers: { 'x-tenant-id': tenantId },
      });
    expect((await me(ours.tenant.id)).status).toBe(200);
    const refused = await me(theirs.tenant.id);
    expect([refused.status, refused.body.error.code]).toEqual([403, 'TENANT_MISMATCH']);
  });

  it('refuses a seat’s heartbeat with another tenant’s bearer (C38)', async () => {
    const [ours, theirs] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
    const held = await acquire(ours.access_token, { hardware_id: 'x' });
    const refused = await call<ErrorBody>(`${product.v1}/licenses/heartbeat`, {
      method: 'PUT',
      bearer: theirs.access_token,
      body: { session_id: held.body.session_id },
    });
    expect([refused.status, refused.body.error.code]).toEqual([403, 'TENANT_MISMATCH']);
  });
});
