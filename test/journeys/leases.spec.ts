import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acceptActivation,
  acceptSignature,
  encodeActivationRequest,
  type KeyTrust,
  type Lease,
  leaseState,
  newActivationRequest,
  platformCrypto,
  trustAnchors,
  verifyLease,
  verifyResponseSignature,
} from '#sdk';
import { keyOf } from '../support/customer.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { changeLicense } from '../support/license-terms.js';
import { type Answer, call, type ErrorBody, type SeatBody, signUp, succeed } from '../support/person.js';

const DAY = 86_400_000;

interface KeysBody {
  issuer: string;
  keys: { kid: string; x: string; status: string }[];
  key_sets: string[];
}

const product = journeyProduct();
let trust: KeyTrust;

beforeAll(async () => {
  const { issuer, keys } = await succeed<KeysBody>(`${product.api.url}/.well-known/gatehouse-keys`);
  trust = trustAnchors(issuer, keys);
});

type Owner = Awaited<ReturnType<typeof signUp>>;

const acquire = (owner: Owner, hardware_id: string) =>
  call<SeatBody & ErrorBody>(`${product.v1}/licenses/acquire`, {
    body: { hardware_id, license_key: keyOf(owner) },
  });
const release = ({ session_id }: SeatBody) =>
  succeed(`${product.v1}/licenses/release`, { method: 'DELETE', body: { session_id } });
const validate = (owner: Owner, hardware_id?: string) =>
  succeed<{ valid: boolean; code: string; lease?: string }>(`${product.v1}/licenses/validate`, {
    body: { license_key: keyOf(owner), hardware_id },
  });
const beat = ({ session_id }: SeatBody) =>
  call<ErrorBody>(`${product.v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id } });
const read = (token: unknown): Promise<Lease> => verifyLease(String(token), trust, platformCrypto.verify);

describe('the keys of leases', () => {
  it('are public, may be kept for a while, and are not sent again to who has them', async () => {
    const url = `${product.api.url}/.well-known/gatehouse-keys`;
    const { headers, body } = await call<KeysBody>(url);
    expect(body).toEqual({
      issuer: product.env['BASE_URL'],
      keys: [{ kid: expect.any(String), x: expect.stringMatching(/^[\w-]{43}$/), status: 'active' }],
      key_sets: [expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)],
    });
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.get('ratelimit')).toBeNull();
    const etag = headers.get('etag')!;
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await fetch(url, { headers: { 'if-none-match': known } });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    }
    expect((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('rotate by the operators’ verb, which changes nothing by itself', async () => {
    const [line = ''] = (await product.admin('signing-keys', 'rotate')).split('\n');
    const [active, retiring] = line.replace('LICENSE_SIGNING_KEYS=', '').split(',');
    expect(retiring).toMatch(`-${product.env['LICENSE_SIGNING_KEYS']!.split('@')[0]}@`);
    const rotated = await product.startApi({ LICENSE_SIGNING_KEYS: `${active},${retiring}` });
    const { keys } = await succeed<KeysBody>(`${rotated.url}/.well-known/gatehouse-keys`);
    expect(keys.map((key) => key.status)).toEqual(['active', 'retiring']);
    await rotated.stop();
    await expect(product.admin('signing-keys', 'forget', 'nobody')).rejects.toThrow(
      'There is no key nobody.',
    );
  });
});

describe('a lease', () => {
  it('comes with the seat, for its device, good for a day and seven', async () => {
    const owner = await signUp(product.api.url);
    const seat = (await acquire(owner, 'ada')).body;
    const lease = await read(seat.lease);
    expect(lease).toMatchObject({
      licenseId: owner.license.id,
      tenantId: owner.tenant.id,
      plan: 'FREE',
      entitlements: seat.license.entitlements,
      status: 'active',
      mode: 'none',
      seatBound: false,
      seatExpiresAt: Date.parse(seat.expires_at),
      fallback: { plan: 'FREE' },
    });
    expect([lease.freshUntil - lease.issuedAt, lease.usableUntil - lease.issuedAt]).toEqual([DAY, 8 * DAY]);
    expect(Math.abs(lease.issuedAt - Date.now())).toBeLessThan(120_000);
    expect(lease.quota.map((one) => [one.meter, one.perDayAllowance])).toEqual([['commands', 10]]);
  });

  it('comes with a verdict to the device that holds a seat, and to nobody else', async () => {
    const owner = await signUp(product.api.url);
    await acquire(owner, 'ada');
    const [own, other, alone] = [
      await validate(owner, 'ada'),
      await validate(owner, 'eve'),
      await validate(owner),
    ];
    expect((await read(own.lease)).device).toBe(
      (await read((await acquire(owner, 'ada')).body.lease)).device,
    );
    expect([other.lease, alone.lease]).toEqual([undefined, undefined]);
  });

  it('says that a licence is suspended, wherever its device asks, and that it is back', async () => {
    const owner = await signUp(product.api.url);
    const seat = (await acquire(owner, 'ada')).body;
    const first = await read(seat.lease);
    await product.admin('tenant', 'suspend', owner.tenant.id, '--reason', 'unpaid');

    const refused = await eventually(async () => {
      const answer = await beat(seat);
      expect([answer.status, answer.body.error.code]).toEqual([403, 'LICENSE_SUSPENDED']);
      return answer;
    });
    const told = [
      refused.body.error.details?.['lease'],
      (await acquire(owner, 'ada')).body.error.details?.['lease'],
      (await validate(owner, 'ada')).lease,
      (await validate(owner, 'never seen')).lease,
    ];
    for (const [index, token] of told.entries()) {
      const lease = await read(token);
      expect(lease).toMatchObject({ status: 'suspended', entitlements: [], revision: expect.any(Number) });
      expect([lease.device === first.device, lease.revision > first.revision]).toEqual([index < 3, true]);
    }
    const believed = leaseState({
      lease: first,
      time: { wall: first.issuedAt, offset: 0, highWater: 0 },
      seat: null,
      answer: { kind: 'lease', lease: await read(told[0]), live: true },
    });
    expect(believed.state).toBe('suspended');

    await product.admin('tenant', 'reactivate', owner.tenant.id, '--reason', 'paid');
    const back = await eventually(async () => {
      const { status, body } = await acquire(owner, 'ada');
      expect(status).toBe(200);
      return read(body.lease);
    });
    expect(
      leaseState({ ...before(believed), answer: { kind: 'lease', lease: back, live: true } }).state,
    ).toBe('fresh');
  });
});

const before = ({ keep }: ReturnType<typeof leaseState>) => ({
  lease: keep.lease,
  seat: keep.seat,
  time: { wall: keep.highWater, offset: 0, highWater: keep.highWater },
});

describe('a machine without a network', () => {
  const requestOf = async (owner: Owner, hardwareId: string, named: 'key' | 'id' = 'key') => {
    const licence = named === 'key' ? { licenseKey: keyOf(owner) } : { licenseId: owner.license.id };
    const request = await newActivationRequest({ hardwareId, now: Date.now(), ...licence }, platformCrypto);
    return { request, text: encodeActivationRequest(request) };
  };
  const activate = (body: object, bearer?: string) =>
    call<{ response: string; expires_at: string } & ErrorBody>(`${product.v1}/licenses/activations`, {
      body,
      bearer,
    });
  const told = ({ status, body }: Answer<ErrorBody>) => [status, body.error.code];

  it('is activated by file, for as long as was chosen, by its key alone or by those who manage licences', async () => {
    const owner = await signUp(product.api.url);
    await changeLicense(product, owner.license.id, { airGappedDays: 90 });
    const byKey = await requestOf(owner, 'bunker');
    const { body } = await activate({ request: byKey.text, days: 30 });
    const { lease } = await acceptActivation(body.response, byKey.request, trust, platformCrypto);
    expect([lease.usableUntil - lease.issuedAt, lease.mode, lease.seatExpiresAt]).toEqual([
      30 * DAY,
      'none',
      null,
    ]);
    expect(body.expires_at).toBe(new Date(lease.usableUntil).toISOString());

    const byId = await requestOf(owner, 'second bunker', 'id');
    const longest = await activate({ request: byId.text }, owner.access_token);
    const second = await acceptActivation(longest.body.response, byId.request, trust, platformCrypto);
    expect(second.lease.usableUntil - second.lease.issuedAt).toBe(90 * DAY);

    // Twice the one seat may be offline.
    expect(told(await activate({ request: (await requestOf(owner, 'third')).text }))).toEqual([
      409,
      'OFFLINE_DEVICES_EXHAUSTED',
    ]);
    expect((await read((await acquire(owner, 'laptop')).body.lease)).seatBound).toBe(true);
    await eventually(async () => {
      const { data } = await succeed<{ data: { action: string }[] }>(`${product.v1}/audit`, {
        bearer: owner.access_token,
      });
      expect(data.filter((entry) => entry.action === 'LICENSE_ACTIVATED_OFFLINE')).toHaveLength(2);
    });
  });

  it('is activated by an operator, who needs nothing of the tenant but the file', async () => {
    const owner = await signUp(product.api.url);
    await changeLicense(product, owner.license.id, { airGappedDays: 90, keyActivation: false });
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-activation-'));
    const [asked, answered] = [join(directory, 'request.json'), join(directory, 'response.json')];
    const { request, text } = await requestOf(owner, 'vault', 'id');
    writeFileSync(asked, text);
    const flags = [
      '--request',
      asked,
      '--out',
      answered,
      '--days',
      '5',
      '--reason',
      'a vault without a network',
    ];
    expect(await product.admin('license', 'activate', ...flags)).toContain(
      `${owner.license.id} is activated until`,
    );
    expect(statSync(answered).mode & 0o777).toBe(0o600);
    const { lease } = await acceptActivation(readFileSync(answered, 'utf8'), request, trust, platformCrypto);
    expect(lease.usableUntil - lease.issuedAt).toBe(5 * DAY);
  });

  it('is refused with a word for each reason', async () => {
    const owner = await signUp(product.api.url);
    const { text } = await requestOf(owner, 'bunker');
    expect(told(await activate({ request: text }))).toEqual([403, 'OFFLINE_ACTIVATION_NOT_ALLOWED']);
    await changeLicense(product, owner.license.id, { airGappedDays: 10, keyActivation: false });
    expect(told(await activate({ request: text }))).toEqual([403, 'KEY_ACTIVATION_NOT_ALLOWED']);
    await changeLicense(
      product,
      owner.license.id,
      { airGappedDays: 10 },
      { expires_at: new Date(Date.now() - 1) },
    );
    expect(told(await activate({ request: text }))).toEqual([403, 'LICENSE_EXPIRED']);
    await changeLicense(product, owner.license.id, { airGappedDays: 10 }, { expires_at: null });
    expect(told(await activate({ request: text, days: 11 }))).toEqual([422, 'ACTIVATION_TOO_LONG']);
    expect(told(await activate({ request: '{}' }))).toEqual([422, 'ACTIVATION_REQUEST_INVALID']);

    const other = await signUp(product.api.url);
    const mine = await requestOf(owner, 'bunker', 'id');
    expect(told(await activate({ request: text, license_key: keyOf(other) }))).toEqual([
      422,
      'LICENSE_MISMATCH',
    ]);
    expect(told(await activate({ request: mine.text }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(told(await activate({ request: mine.text }, other.access_token))).toEqual([404, 'NOT_FOUND']);
    expect(told(await activate({ request: text }, other.access_token))).toEqual([404, 'NOT_FOUND']);
  });
});

describe('a signed answer', () => {
  const nonce = () => Math.random().toString(16).slice(2).padEnd(32, '0');

  async function signed(path: string, init: RequestInit & { headers?: Record<string, string> }) {
    const one = nonce();
    const url = `${product.v1}${path}`;
    const response = await fetch(url, {
      ...init,
      headers: { ...init.headers, 'accept-signature': acceptSignature(one) },
    });
    const body = new Uint8Array(await response.arrayBuffer());
    const { status, headers } = response;
    const request = { method: init.method ?? 'GET', url, nonce: one };
    const { kid } = await verifyResponseSignature({ status, headers, body }, request, trust, {
      ...platformCrypto,
      now: Date.now(),
    });
    return [status, kid === trust.keys[0]!.kid];
  }
  const post = (body: unknown) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

  it('is what it says, whether it is a verdict or an error', async () => {
    const owner = await signUp(product.api.url);
    const license_key = keyOf(owner);
    await acquire(owner, 'ada');
    expect(await signed('/licenses/validate', post({ license_key, nonce: 'n' }))).toEqual([200, true]);
    expect(await signed('/licenses/acquire', post({ license_key, hardware_id: 'eve' }))).toEqual([409, true]);
    expect(await signed('/licenses/validate', post({ license_key: 1 }))).toEqual([422, true]);
    expect(await signed('/licenses/validate', post('{'))).toEqual([400, true]);
    expect(await signed('/licenses?limit=1', {})).toEqual([401, true]);
    expect(await signed('/licenses/lic_none/nothing', {})).toEqual([404, true]);
  });

  it('is a 503 where it cannot be signed as asked, and nothing was done', async () => {
    const owner = await signUp(product.api.url);
    const asked = { 'accept-signature': 'sig1=("@status")' };
    const refused = await call<ErrorBody>(`${product.v1}/licenses/acquire`, {
      body: { hardware_id: 'ada', license_key: keyOf(owner) },
      headers: asked,
    });
    expect([refused.status, refused.body.error.code]).toEqual([503, 'SIGNATURE_UNAVAILABLE']);
    expect((await acquire(owner, 'eve')).status).toBe(200);
  });
});

describe('machines that may be offline', () => {
  it('are never more than the terms allow: one after another, at once, and after Redis was emptied', async () => {
    const owner = await signUp(product.api.url);
    await changeLicense(product, owner.license.id, { seats: 200, offlineDevices: 5 });
    const machines = new Set<string>();
    const take = async (hardwareId: string) => {
      const { body, status } = await acquire(owner, hardwareId);
      if (status !== 200) return status;
      const lease = await read(body.lease);
      if (!lease.seatBound) machines.add(lease.device);
      await release(body);
      return status;
    };

    for (let i = 0; i < 8; i++) expect(await take(`one-by-one-${i}`)).toBe(200);
    expect(machines.size).toBe(5);
    const statuses = await Promise.all(Array.from({ length: 100 }, (_, i) => take(`at-once-${i}`)));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(50);
    expect(machines.size).toBe(5);

    const redis = product.redisClient();
    await redis.flushall();
    // This one remembers nothing either.
    const { url } = await product.startApi();
    product.v1 = `${url}/api/v1`;
    await eventually(
      async () => {
        // New seats wait for one TTL, which is longer than we do.
        const waits = await redis.keys('seats:*:recovery');
        if (waits.length > 0) await redis.del(waits);
        expect(await take('after')).toBe(200);
      },
      { withinMs: 20_000, everyMs: 200 },
    );
    await Promise.all(Array.from({ length: 20 }, (_, i) => take(`after-${i}`)));
    expect(machines.size).toBe(5);
  });
});
