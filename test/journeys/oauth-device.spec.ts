import { createHash } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { joins } from '../support/memberships.js';
import {
  type AuditBody,
  call,
  payloadOf,
  type RegisteredBody,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import {
  actorOf,
  answersOf,
  askDevice,
  CLIENT,
  DEVICE_GRANT,
  type DeviceAnswerBody,
  type ProgramTokens,
} from '../support/programs.js';
import { askToken } from '../support/service-accounts.js';

const product = journeyProduct({ AUTH_SIGNUP_QUOTA: '1000', AUTH_LOCKOUT_THRESHOLD: '5' });
let other: ProductProcess;
let pages: Awaited<ReturnType<typeof answersOf>>;
beforeAll(async () => {
  [other, pages] = await Promise.all([product.startApi(), answersOf(product)]);
});
afterAll(() => pages?.app.close());

const keyOf = (device: DeviceAnswerBody) =>
  `auth:nonce:device:${createHash('sha256').update(device.device_code).digest('base64url')}`;

async function poll(device: DeviceAnswerBody, api = product.api, client_id = CLIENT) {
  const { device_code } = device;
  const answer = await askToken(api.url, { grant_type: DEVICE_GRANT, client_id, device_code });
  return { status: answer.status, error: answer.body.error, body: answer.body as ProgramTokens };
}
/** As if its program had waited as long as it was told to. */
const wait = (device: DeviceAnswerBody) => product.redisClient().hset(keyOf(device), 'polled', 0);
const asked = async (fields: Record<string, string> = {}, userAgent?: string) =>
  (await askDevice(product.api.url, fields, userAgent)).body;
const cause = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { status: number; code: string }) => [error.status, error.code],
  );
const claimsOf = ({ access_token: token }: Pick<RegisteredBody, 'access_token'>) =>
  payloadOf<{ sid: string; amr: string[]; auth_time: number; tenant_id: string }>(token);
const statuses = ({ access_token: bearer }: Pick<RegisteredBody, 'access_token'>) =>
  Promise.all(
    [product.api, other].map(async (api) => (await call(`${api.url}/api/v1/auth/me`, { bearer })).status),
  );

describe('a program without a browser: the device grant (RFC 8628, C40)', () => {
  it('shows a code, is told to whoever types it, and gets a session of its own once they agree', async () => {
    const ada = await signUpByPassword(product.api.url);
    const device = await asked({ device_name: 'build-box' }, 'gatehouse-cli/1.2.3 (linux)');
    expect(device).toEqual({
      device_code: expect.stringMatching(/^dev_[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: 'http://127.0.0.1/device',
      verification_uri_complete: `http://127.0.0.1/device?user_code=${device.user_code}`,
      expires_in: 600,
      interval: 5,
    });
    // Redis holds neither code.
    const known = JSON.stringify(await product.redisClient().hgetall(keyOf(device)));
    for (const code of [device.device_code, device.user_code, device.user_code.replace('-', '')])
      expect(known + (await product.redisClient().keys('*')).join()).not.toContain(code);

    expect(await poll(device)).toMatchObject({ status: 400, error: 'authorization_pending' });
    const typed = ` ${device.user_code.toLowerCase().replace('-', ' ')} `;
    expect(await pages.device.describe(actorOf(ada), typed)).toMatchObject({
      program: { id: CLIENT, name: 'Gatehouse CLI' },
      deviceName: 'build-box',
      device: { browser: 'gatehouse-cli 1.2' },
      address: '127.0.0.1',
      place: null,
      account: { email: ada.user.email, tenant: { id: ada.tenant.id } },
    });
    await pages.device.approve({ actor: actorOf(ada) }, typed);
    await wait(device);
    const { status, body } = await poll(device, other);
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'Bearer', 3600]);
    const [mine, its] = [claimsOf(ada), claimsOf(body)];
    expect([its.amr, its.auth_time, its.tenant_id]).toEqual([mine.amr, 0, mine.tenant_id]);
    expect(its.sid).not.toBe(mine.sid);
    expect(await statuses(body)).toEqual([200, 200]);
    const bearer = body.access_token;
    const { data } = await succeed<{ data: object[] }>(`${product.v1}/auth/sessions`, { bearer });
    expect(data[0]).toMatchObject({ id: its.sid, device_name: 'build-box' });
    await eventually(async () => {
      const trail = await succeed<AuditBody>(`${product.v1}/audit?action=PROGRAM_AUTHORIZED`, { bearer });
      expect(trail.data.map((one) => one.metadata.how)).toEqual(['device']);
    });
    // Given once.
    await wait(device);
    expect((await poll(device)).error).toBe('invalid_grant');
  });

  it('is let in by nothing that can be written into Redis, nor by an answer to another', async () => {
    const ada = await signUpByPassword(product.api.url);
    const redis = product.redisClient();
    const [device, own] = await Promise.all([asked(), asked()]);
    await pages.device.approve({ actor: actorOf(ada) }, device.user_code);
    const { sid, tenant_id } = claimsOf(ada);
    const forged = JSON.stringify({ userId: ada.user.id, tenantId: tenant_id, sessionId: sid });
    const theirs = await redis.hgetall(keyOf(device));
    for (const sealed of [forged, theirs['sealed'] ?? '']) {
      await redis.hset(keyOf(own), { state: 'approved', approval: forged, sealed });
      await wait(own);
      expect(await poll(own)).toMatchObject({ status: 400 });
    }
    // Nor does a code that Ada types lead to what somebody else has asked.
    const [shown, other] = await Promise.all([asked(), asked({ device_name: 'elsewhere' })]);
    const found = async (key: string) => (await redis.type(key)) === 'string' && (await redis.get(key));
    const keys = await redis.keys('auth:nonce:user-code:*');
    const leads = await Promise.all(keys.map(found));
    await redis.set(keys[leads.indexOf(keyOf(shown))]!, keyOf(other), 'EX', 600);
    expect(await cause(pages.device.approve({ actor: actorOf(ada) }, shown.user_code))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    await wait(device);
    expect((await poll(device)).status).toBe(200);
  });

  it('is told to slow down when it does not wait, five seconds more each time', async () => {
    const device = await asked();
    const interval = () => product.redisClient().hget(keyOf(device), 'interval');
    expect((await poll(device)).error).toBe('authorization_pending');
    expect((await poll(device)).error).toBe('slow_down');
    expect(await interval()).toBe('10000');
    expect((await poll(device, other)).error).toBe('slow_down');
    expect(await interval()).toBe('15000');
    // Ten seconds later it is too soon, twenty later it is not.
    await product.redisClient().hset(keyOf(device), 'polled', Date.now() - 10_000);
    expect((await poll(device)).error).toBe('slow_down');
    await product.redisClient().hset(keyOf(device), 'polled', Date.now() - 25_000);
    expect((await poll(device)).error).toBe('authorization_pending');
  });

  it('gets its tokens once, however many ask at once', async () => {
    const ada = await signUpByPassword(product.api.url);
    const device = await asked();
    await pages.device.approve({ actor: actorOf(ada) }, device.user_code);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => poll(device, [product.api, other][i % 2])),
    );
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1);
    const rows = await product.query('select id from identity.auth_sessions where user_id = $1', [
      ada.user.id,
    ]);
    expect(rows).toHaveLength(2);
  });

  it('is approved by one, however many do at once, and is that person’s', async () => {
    const people = await Promise.all([1, 2, 3, 4].map(() => signUpByPassword(product.api.url)));
    const device = await asked();
    const answers = await Promise.all(
      people.map((one) => cause(pages.device.approve({ actor: actorOf(one) }, device.user_code))),
    );
    const winners = people.filter((_, i) => answers[i] === null);
    expect(winners).toHaveLength(1);
    expect(answers.filter((one) => one !== null)).toEqual(Array(3).fill([404, 'NOT_FOUND']));
    const { body } = await poll(device);
    expect(claimsOf(body).tenant_id).toBe(winners[0]!.tenant.id);
  });

  /** What is done meanwhile fails when it writes such a row. */
  async function broken(table: string, rows: string, work: () => Promise<unknown>): Promise<void> {
    await product.query(`
      create or replace function public.fail() returns trigger language plpgsql as $$
      begin raise exception 'broken by a test'; end $$;
      create trigger fail before insert on ${table} for each row when (${rows}) execute function public.fail();`);
    try {
      await work();
    } finally {
      await product.query(`drop trigger fail on ${table}`);
    }
  }

  it('gets nothing by an approval that is not committed; it can be approved again', async () => {
    const ada = await signUpByPassword(product.api.url);
    const device = await asked();
    await broken('platform.outbox', `new.name = 'identity.program.authorized'`, async () => {
      await expect(pages.device.approve({ actor: actorOf(ada) }, device.user_code)).rejects.toThrow(
        'broken by a test',
      );
      expect((await poll(device)).error).toBe('authorization_pending');
    });
    await wait(device);
    await pages.device.approve({ actor: actorOf(ada) }, device.user_code);
    await wait(device);
    expect((await poll(device)).status).toBe(200);
  });

  it('waits for an approval that is being committed, and takes no other meanwhile', async () => {
    const [ada, eve] = [await signUpByPassword(product.api.url), await signUpByPassword(product.api.url)];
    const device = await asked();
    const redis = product.redisClient();
    await redis.hset(keyOf(device), { state: 'held', held: Date.now() + 60_000, approval: '{}' });
    expect((await poll(device)).error).toBe('authorization_pending');
    expect(await cause(pages.device.approve({ actor: actorOf(eve) }, device.user_code))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    // Whoever was at it has gone: a minute later it is free.
    await redis.hset(keyOf(device), 'held', 0);
    await pages.device.approve({ actor: actorOf(ada) }, device.user_code);
    await wait(device);
    expect(claimsOf((await poll(device)).body).tenant_id).toBe(ada.tenant.id);
  });

  it('asks again where it could not be given its tokens, and gets them', async () => {
    const ada = await signUpByPassword(product.api.url);
    const device = await asked();
    await pages.device.approve({ actor: actorOf(ada) }, device.user_code);
    await broken('identity.auth_sessions', `new.user_id = '${ada.user.id}'`, async () => {
      expect((await poll(device)).status).toBeGreaterThanOrEqual(500);
    });
    const { status, body } = await poll(device, other);
    expect([status, claimsOf(body).tenant_id]).toEqual([200, ada.tenant.id]);
    await wait(device);
    expect((await poll(device)).error).toBe('invalid_grant');
  });

  it('is refused, runs out, or is nobody’s, and told so', async () => {
    const ada = await signUpByPassword(product.api.url);
    const denied = await asked();
    await pages.device.deny(actorOf(ada), denied.user_code);
    expect((await poll(denied)).error).toBe('access_denied');
    expect(await cause(pages.device.approve({ actor: actorOf(ada) }, denied.user_code))).toEqual([
      404,
      'NOT_FOUND',
    ]);

    const late = await asked();
    await product.redisClient().hset(keyOf(late), 'expires', Date.now() - 1);
    expect((await poll(late)).error).toBe('expired_token');
    const [key = ''] = await product.redisClient().keys('auth:nonce:user-code:*');
    expect(await product.redisClient().ttl(key)).toBeLessThanOrEqual(600);

    const device = await asked();
    expect((await poll({ ...device, device_code: `${device.device_code}x` })).error).toBe('invalid_grant');
    expect((await poll(device, product.api, 'somebody')).error).toBe('invalid_client');
    expect((await askDevice(product.api.url, { client_id: 'somebody' })).body.error).toBe('invalid_client');
    const unprintable = await askDevice(product.api.url, { device_name: 'two\nlines' });
    expect([unprintable.status, unprintable.body.error]).toEqual([400, 'invalid_request']);
  });

  it('gets nothing where the session that agreed is over, or its owner is no member any more', async () => {
    const ada = await signUpByPassword(product.api.url);
    const first = await asked();
    await pages.device.approve({ actor: actorOf(ada) }, first.user_code);
    await succeed(`${product.v1}/auth/logout`, { body: { refresh_token: ada.refresh_token } });
    expect((await poll(first)).error).toBe('access_denied');
    const second = await asked();
    expect(await cause(pages.device.approve({ actor: actorOf(ada) }, second.user_code))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);

    const [eve, acme] = [await signUpByPassword(product.api.url), await signUpByPassword(product.api.url)];
    await joins(product, eve, acme);
    const there = await succeed<RegisteredBody>(`${product.v1}/auth/switch`, {
      bearer: eve.access_token,
      body: { tenant_id: acme.tenant.id },
    });
    const third = await asked();
    await pages.device.approve({ actor: actorOf(there) }, third.user_code);
    await product.query('delete from tenancy.memberships where user_id = $1 and tenant_id = $2', [
      eve.user.id,
      acme.tenant.id,
    ]);
    expect((await poll(third)).error).toBe('access_denied');
  });

  it('is not found by guessing: a person may look up twenty codes in ten minutes', async () => {
    const ada = await signUpByPassword(product.api.url);
    const device = await asked();
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        cause(pages.device.describe(actorOf(ada), i === 29 ? device.user_code : 'BBBB-BBBB')),
      ),
    );
    expect(guesses.filter((one) => one?.[0] === 404)).toHaveLength(20);
    expect(guesses[29]).toEqual([429, 'RATE_LIMITED']);
    // Nobody else is bound by that, at the address that everybody here has: it has misses to spare.
    const eve = await signUpByPassword(product.api.url);
    expect(await cause(pages.device.describe(actorOf(eve), device.user_code))).toBeNull();
  });
});
