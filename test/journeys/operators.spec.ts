import { userInfo } from 'node:os';
import { newId } from '#platform';
import { Buyer } from '../support/billing.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { promised } from '../support/patience.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  refusal,
  type RegisteredBody,
  type SeatBody,
  signUp,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import { askToken, basic, serviceAccountsOf } from '../support/service-accounts.js';

/** An operator who suspends somebody expects it to hold while they still look, in ms. */
const SOON = { withinMs: promised(5_000) };
/** Within which no bearer of a suspended organisation opens anything, in ms. */
const AT_ONCE = { withinMs: promised(2_000) };

const product = journeyProduct();
let other: ProductProcess;

beforeAll(async () => {
  other = await product.startApi();
});

type Answer = SeatBody & ErrorBody;

const acquire = (owner: RegisteredBody, hardware_id = 'laptop') =>
  call<Answer>(`${product.v1}/licenses/acquire`, { bearer: owner.access_token, body: { hardware_id } });
const acquireByKey = (owner: RegisteredBody) =>
  call<Answer>(`${product.v1}/licenses/acquire`, {
    body: { hardware_id: 'laptop', license_key: owner.license.key },
  });
const beat = (seat: SeatBody) =>
  call<Answer>(`${product.v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id: seat.session_id } });
const validate = (owner: RegisteredBody) =>
  succeed<{ valid: boolean; code: string }>(`${product.v1}/licenses/validate`, {
    body: { license_key: owner.license.key },
  });

/** The bearers of an organisation: a person's, the API key of a service account, and a token that it got for that. */
async function bearersOf(owner: RegisteredBody) {
  const accounts = serviceAccountsOf(product.api.url, owner.access_token);
  const { id } = await accounts.create(['audit:read']);
  const { key } = await accounts.createKey(id);
  const askAgain = () => askToken(other.url, { grant_type: 'client_credentials' }, basic(id, key));
  const { access_token } = (await askAgain()).body;
  return { bearers: [owner.access_token, key, access_token], askAgain };
}

describe('gatehouse-admin tenant', () => {
  it('suspends a tenant: no bearer of it works in any process within two seconds, nor in one that starts then', async () => {
    const [owner, stranger] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
    const { bearers, askAgain } = await bearersOf(owner);
    const trails = async (apis: ProductProcess[]) => {
      const asked = apis.flatMap((api) =>
        bearers.map((bearer) => call<ErrorBody>(`${api.url}/api/v1/audit`, { bearer })),
      );
      return [...new Set((await Promise.all(asked)).map((one) => refusal(one).join(' ').trim()))];
    };
    const { id } = owner.tenant;
    expect(await trails([product.api, other])).toEqual(['200']);

    await product.admin('tenant', 'suspend', id, '--reason', 'unpaid for 60 days');
    await eventually(
      async () => expect(await trails([product.api, other])).toEqual(['403 TENANT_SUSPENDED']),
      AT_ONCE,
    );
    expect((await askAgain()).body.error).toBe('invalid_client');
    const made = await call<ErrorBody>(`${product.v1}/auth/service-accounts`, {
      bearer: owner.access_token,
      body: { name: 'One more', scopes: ['audit:read'] },
    });
    expect(refusal(made)).toEqual([403, 'TENANT_SUSPENDED']);
    const late = await product.startApi();
    expect(await trails([late])).toEqual(['403 TENANT_SUSPENDED']);
    await late.stop();
    expect((await call(`${product.v1}/audit`, { bearer: stranger.access_token })).status).toBe(200);

    await product.admin('tenant', 'reactivate', id, '--reason', 'paid');
    await eventually(async () => expect(await trails([product.api, other])).toEqual(['200']), AT_ONCE);
    expect((await askAgain()).status).toBe(200);
  });

  it('suspends a tenant: within seconds its licences give nothing, nobody signs in; and brings it back; its seats have ended', async () => {
    const [owner, other] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
    const seat = (await acquire(owner)).body;
    const otherSeat = (await acquire(other)).body;
    const { id } = owner.tenant;

    expect(await product.admin('tenant', 'suspend', id, '--reason', 'unpaid for 60 days')).toBe(
      `${id} is suspended.\n`,
    );
    await eventually(
      async () => expect(refusal(await acquire(owner))).toEqual([403, 'LICENSE_SUSPENDED']),
      SOON,
    );
    expect(refusal(await acquireByKey(owner))).toEqual([403, 'LICENSE_SUSPENDED']);
    expect(refusal(await beat(seat))).toEqual([403, 'LICENSE_SUSPENDED']);
    expect(await validate(owner)).toMatchObject({ valid: false, code: 'SUSPENDED' });
    expect(refusal(await call<ErrorBody>(`${product.v1}/auth/me`, { bearer: owner.access_token }))).toEqual([
      403,
      'TENANT_SUSPENDED',
    ]);
    expect(
      refusal(await call<ErrorBody>(`${product.v1}/auth/login`, { method: 'POST', bearer: owner.idToken })),
    ).toEqual([403, 'TENANT_SUSPENDED']);
    expect(
      refusal(
        await call<ErrorBody>(`${product.v1}/auth/refresh`, { body: { refresh_token: owner.refresh_token } }),
      ),
    ).toEqual([403, 'TENANT_SUSPENDED']);
    // Nobody else notices.
    expect((await beat(otherSeat)).status).toBe(200);
    expect(await validate(other)).toMatchObject({ valid: true });

    expect(await product.admin('tenant', 'reactivate', id, '--reason', 'paid')).toBe(
      `${id} is active again.\n`,
    );
    await eventually(async () => expect((await acquire(owner)).status).toBe(200), SOON);
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
    expect(await validate(owner)).toMatchObject({ valid: true, code: 'VALID' });
    await eventually(async () =>
      expect((await call(`${product.v1}/auth/me`, { bearer: owner.access_token })).status).toBe(200),
    );

    const entries = await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit?limit=100`, {
        bearer: owner.access_token,
      });
      const found = data.filter((entry) => entry.action.startsWith('TENANT_')).reverse();
      expect(found.map((entry) => entry.action)).toEqual([
        'TENANT_REGISTERED',
        'TENANT_SUSPENDED',
        'TENANT_REACTIVATED',
      ]);
      return found;
    });
    const who = { type: 'operator', id: userInfo().username };
    expect(entries[1]).toMatchObject({
      actor: who,
      user_id: null,
      subject: id,
      metadata: { tenant_id: id, reason: 'unpaid for 60 days' },
    });
    expect(entries[2]).toMatchObject({
      actor: who,
      user_id: null,
      subject: id,
      metadata: { tenant_id: id, reason: 'paid' },
    });
    const theirs = await succeed<AuditBody>(`${product.v1}/audit?limit=100`, { bearer: other.access_token });
    expect(JSON.stringify(theirs)).not.toContain('unpaid');
  });

  it('refuses what it cannot do, in a sentence and without a stack', async () => {
    const { tenant } = await signUp(product.api.url);
    const refused = async (...args: string[]) => {
      const said = await product.admin(...args).then(
        (done) => `It did it: ${done}`,
        (error: Error) => error.message,
      );
      expect(said).not.toMatch(/^\s+at /m);
      return said;
    };
    const [noReason, shortReason, unknown, noId, notSuspended] = await Promise.all([
      refused('tenant', 'suspend', tenant.id),
      refused('tenant', 'suspend', tenant.id, '--reason', 'x'),
      refused('tenant', 'suspend', newId('ten'), '--reason', 'unpaid'),
      refused('tenant', 'suspend', 'acme', '--reason', 'unpaid'),
      refused('tenant', 'reactivate', tenant.id, '--reason', 'unpaid'),
    ]);
    expect(shortReason).toContain('must say why, in three characters or more');
    expect(noReason).toContain("required option '--reason <why>' not specified");
    expect(unknown).toContain('No such tenant.');
    expect(noId).toContain('must be an id that begins with ten_');
    expect(notSuspended).toContain('The tenant is not suspended.');
  });
});

describe('gatehouse-admin billing contract, where nothing is sold', () => {
  it('gives its plan and seats, and ends by itself, told by mail', async () => {
    const owner = new Buyer({ product }, await signUp(product.api.url));
    await owner.agree(new Date(Date.now() + 86_400_000));
    await owner.stands({ state: 'contract', plan: 'ENTERPRISE', seats: 40, access: 'full' });
    await owner.licensed({ tier: 'ENTERPRISE', max_seats: 40 });
    // Its day has come.
    await product.query(
      'update billing.accounts set due_at = now(), contract = contract || $2 where tenant_id = $1',
      [owner.body.tenant.id, { endsAt: new Date().toISOString() }],
    );
    await owner.stands({ state: 'cancelled', plan: 'FREE', access: 'free' });
    await owner.licensed({ tier: 'FREE', max_seats: 1 });
    await owner.mailed(/subscription of .* has ended/);
  });
});
