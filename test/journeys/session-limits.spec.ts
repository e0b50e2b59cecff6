import { newId } from '#platform';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo } from '../support/mail.js';
import { joins } from '../support/memberships.js';
import {
  call,
  type ErrorBody,
  PASSWORD,
  payloadOf,
  type RegisteredBody,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import { askDevice, authorize, authorizeQuery, pkce } from '../support/programs.js';
import { askToken } from '../support/service-accounts.js';

const BUDGET = 8;
const product = journeyProduct({
  AUTH_SIGNUP_QUOTA: '1000',
  AUTH_DERIVED_QUOTA: String(BUDGET),
  AUTH_PROGRAM_QUOTA: '6',
});

type Answered = RegisteredBody & ErrorBody;
const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  client_id: 'gatehouse-cli',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};
const toTenant = (one: RegisteredBody, tenantId: string, headers?: Record<string, string>) =>
  call<Answered>(`${product.v1}/auth/switch`, {
    ...{ bearer: one.access_token, body: { tenant_id: tenantId, refresh_token: one.refresh_token }, headers },
  });
const sidOf = (one: RegisteredBody) => payloadOf<{ sid: string }>(one.access_token).sid;

/** Somebody with an organisation of their own, who is in another one as well. */
async function inTwo(): Promise<{ ada: RegisteredBody; acme: RegisteredBody }> {
  const [acme, ada] = [await signUpByPassword(product.api.url), await signUpByPassword(product.api.url)];
  await joins(product, ada, acme);
  return { ada, acme };
}

describe('sessions that come of others', () => {
  it('are so many in ten minutes, by switching and token exchange together, whatever the device', async () => {
    const { ada, acme } = await inTwo();
    const answers = await Promise.all(
      Array.from({ length: BUDGET + 2 }, (_, i) =>
        toTenant(ada, acme.tenant.id, { 'x-device-id': `a-device-of-my-own-${i}` }),
      ),
    );
    expect(answers.filter((one) => one.status === 200)).toHaveLength(BUDGET);
    const refused = answers.filter((one) => one.status !== 200);
    expect(refused.map((one) => [one.status, one.body.error.code])).toEqual(
      Array(2).fill([429, 'RATE_LIMITED']),
    );
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    const exchange = await askToken(product.api.url, {
      ...{ ...EXCHANGE, subject_token: ada.access_token, audience: acme.tenant.id },
    });
    expect([exchange.status, exchange.body.error]).toEqual([
      429,
      expect.objectContaining({ code: 'RATE_LIMITED' }),
    ]);
    const rows = await product.query('select 1 from identity.auth_sessions where user_id = $1', [
      ada.user.id,
    ]);
    expect(rows).toHaveLength(1 + BUDGET);
    // Who signs in is not bound by that, and nobody else is.
    const signedIn = await call(`${product.v1}/auth/login`, {
      body: { email: ada.user.email, password: PASSWORD },
    });
    await joins(product, acme, ada);
    expect([signedIn.status, (await toTenant(acme, ada.tenant.id)).status]).toEqual([200, 200]);
  });

  it('say when they began, not when their owner signed in', async () => {
    const { ada, acme } = await inTwo();
    await product.query(
      `update identity.auth_sessions set auth_time = auth_time - interval '3 hours', begun_at = begun_at - interval '3 hours'
       where id = $1`,
      [sidOf(ada)],
    );
    const { body } = await toTenant(ada, acme.tenant.id);
    const { data } = await succeed<{ data: { id: string; created_at: string; expires_at: string }[] }>(
      `${product.v1}/auth/sessions`,
      { bearer: body.access_token },
    );
    const of = (one: RegisteredBody) => data.find(({ id }) => id === sidOf(one))!;
    const hours = (Date.parse(of(body).created_at) - Date.parse(of(ada).created_at)) / 3_600_000;
    expect(Math.round(hours)).toBe(3);
    // They end with what they come of.
    expect(of(body).expires_at).toBe(of(ada).expires_at);
  });

  it('end, the oldest first, where there are a hundred of one person in one organisation', async () => {
    const { ada, acme } = await inTwo();
    const old = Array.from({ length: 100 }, () => newId('ses')).sort();
    await product.query(
      `insert into identity.auth_sessions (tenant_id, id, user_id, provider, amr, auth_time, last_used_at, trace_id)
       select $1, id, $2, 'password', '{pwd}', now(), now(), repeat('f', 32) from unnest($3::text[]) id`,
      [acme.tenant.id, ada.user.id, old],
    );
    const { body } = await toTenant(ada, acme.tenant.id);
    const rows = await product.query<{ id: string; end_reason: string }>(
      'select id, end_reason from identity.auth_sessions where user_id = $1 and ended_at is not null',
      [ada.user.id],
    );
    expect(rows).toEqual([{ id: old[0], end_reason: 'too_many' }]);
    expect((await call(`${product.v1}/auth/me`, { bearer: body.access_token })).status).toBe(200);
  });
});

describe('mails about new devices', () => {
  it('are ten an hour, however many somebody makes up', async () => {
    const ada = await signUpByPassword(product.api.url);
    const { email } = ada.user;
    await mailsTo(email);
    for (let i = 0; i < 12; i += 1)
      await succeed(`${product.v1}/auth/login`, {
        body: { email, password: PASSWORD },
        headers: { 'x-device-id': `a-device-of-my-own-${i}` },
      });
    const handled = `select 1 from platform.inbox
      where tenant_id = $1 and subscription = 'identity.send-new-device-mail' and done_at is not null`;
    await eventually(async () => expect(await product.query(handled, [ada.tenant.id])).toHaveLength(12), {
      withinMs: 20_000,
    });
    const mails = (await mailsTo(email, 11)).filter((mail) => mail.subject.startsWith('A new sign-in'));
    expect(mails).toHaveLength(10);
  });
});

describe('programs that ask', () => {
  it('are so many from one address in ten minutes, with a browser and without', async () => {
    const asks = await Promise.all([
      ...Array.from({ length: 5 }, () => authorize(product.api.url, authorizeQuery(pkce().challenge))),
      ...Array.from({ length: 5 }, () => askDevice(product.api.url)),
    ]);
    const statuses = asks.map((one) => one.status);
    expect(statuses.filter((status) => status === 302 || status === 200)).toHaveLength(6);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    const { status, headers } = await fetch(
      `${product.api.url}/oauth/authorize?${new URLSearchParams(authorizeQuery(pkce().challenge)).toString()}`,
      { redirect: 'manual' },
    );
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([429, true]);
    // What is not of its form leaves nothing behind, and is not counted.
    expect((await authorize(product.api.url, { client_id: 'somebody' })).status).toBe(400);
  });
});
