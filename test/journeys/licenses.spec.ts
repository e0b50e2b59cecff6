import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
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
import { plansFile } from '../support/plans-file.js';

const product = journeyProduct();
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-licenses-'));

type Answer = SeatBody & ErrorBody;
interface Verdict {
  valid: boolean;
  code: string;
  license?: { id: string; tier: string; entitlements: string[]; expires_at: string | null };
}

const BECAUSE = ['--reason', 'ticket 4711'];
const admin = (...args: string[]) => product.admin(...args, ...BECAUSE);
const looked = (...args: string[]) => product.admin(...args);
const refused = (work: Promise<string>) =>
  work.then(
    (said) => `It did it: ${said}`,
    (error: Error) => error.message,
  );
const acquire = (license_key: string, hardware_id = 'laptop') =>
  call<Answer>(`${product.v1}/licenses/acquire`, { body: { hardware_id, license_key } });
const beat = (seat: SeatBody) =>
  call<Answer>(`${product.v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id: seat.session_id } });
const validate = (license_key: string) =>
  succeed<Verdict>(`${product.v1}/licenses/validate`, { body: { license_key } });

/** A licence of a tenant as `license issue` prints it. */
async function issue(owner: RegisteredBody, ...args: string[]): Promise<{ id: string; key: string }> {
  const [id = '', key = ''] = (await admin('license', 'issue', '--tenant', owner.tenant.id, ...args))
    .trim()
    .split(' ');
  return { id, key };
}

describe('gatehouse-admin license', () => {
  let owner: RegisteredBody;
  let id: string;
  let key: string;
  /** How long a verb takes here, in ms. */
  let verbMs: number;

  it('issues by plan or alias; acquire, verdict and the tenant’s own view agree', async () => {
    owner = await signUp(product.api.url);
    const begun = Date.now();
    ({ id, key } = await issue(
      owner,
      '--plan',
      'starter',
      '--name',
      'Build',
      '--meta',
      'order=4711',
      '--set',
      'durationDays=30',
    ));
    verbMs = Date.now() - begun;
    expect((await acquire(key)).body).toMatchObject({
      license: { id, tier: 'PRO' },
      seats: { used: 1, max: 1 },
    });
    expect(await validate(key)).toMatchObject({ valid: true, license: { id, tier: 'PRO' } });
    expect(await succeed(`${product.v1}/licenses/${id}`, { bearer: owner.access_token })).toMatchObject({
      key,
      name: 'Build',
      product: { code: 'gatehouse' },
      policy: null,
      seats: { included: 1, overage: '1x', max: 1 },
      heartbeat_mode: 'hybrid',
      flags: { cloud_sync: true },
      meters: { commands: { limit: null, period: 'day' } },
      metadata: { order: '4711' },
      status: 'active',
      status_at: null,
    });
  });

  it('suspends and reinstates: each holds for seats and verdicts when the verb has ended, and stands in the trail', async () => {
    const seat = (await acquire(key)).body;
    expect(await admin('license', 'suspend', id)).toContain('status: suspended');
    expect(refusal(await acquire(key))).toEqual([403, 'LICENSE_SUSPENDED']);
    expect((await beat(seat)).status).toBeGreaterThanOrEqual(400);
    expect(await validate(key)).toMatchObject({ valid: false, code: 'SUSPENDED' });
    const bearer = owner.access_token;
    expect(await succeed(`${product.v1}/licenses/${id}`, { bearer })).toMatchObject({
      status: 'suspended',
      status_reason: 'ticket 4711',
      status_at: expect.any(String),
    });
    await admin('license', 'reinstate', key);
    expect((await acquire(key)).status).toBe(200);
    expect(await validate(key)).toMatchObject({ valid: true });

    const entries = await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit?limit=100`, { bearer });
      const found = data.filter((one) => one.subject === id && one.action.startsWith('LICENSE_')).reverse();
      const actions = ['LICENSE_ISSUED', 'LICENSE_SUSPENDED', 'LICENSE_REINSTATED'];
      expect(found.map((one) => one.action)).toEqual(actions);
      return found;
    });
    const said = { license_id: id, reason: 'ticket 4711' };
    for (const entry of entries)
      expect(entry).toMatchObject({ actor: { type: 'operator', id: userInfo().username }, metadata: said });
  });

  it('changes its plan, overrides its terms for a while, which ends by itself, and renews it', async () => {
    await admin('license', 'change-plan', id, '--plan', 'TEAM');
    expect((await validate(key)).license).toMatchObject({ tier: 'TEAM' });
    expect((await acquire(key)).body.seats.max).toBe(5);

    const end = new Date(Date.now() + 3 * verbMs + 15_000);
    const terms = ['--set', 'overage=2x', '--set', 'addEntitlements=beta:use'];
    await admin('license', 'override', id, ...terms, '--expires', end.toISOString());
    expect((await acquire(key)).body.seats.max).toBe(10);
    expect((await validate(key)).license!.entitlements).toContain('beta:use');
    const patience = { withinMs: 3 * verbMs + 60_000 };
    await eventually(async () => expect((await acquire(key)).body.seats.max).toBe(5), patience);
    expect((await validate(key)).license!.entitlements).not.toContain('beta:use');

    const before = Date.parse((await validate(key)).license!.expires_at!);
    await admin('license', 'renew', id);
    expect(Date.parse((await validate(key)).license!.expires_at!) - before).toBe(30 * 86_400_000);
  }, 180_000);

  it('transfers it: its key goes on at the other tenant, though the process remembered it, and the old one stays to be seen', async () => {
    const to = await signUp(product.api.url);
    const seat = (await acquire(key)).body;
    expect(await admin('license', 'transfer', id, '--to', to.tenant.id)).toContain(`tenant: ${to.tenant.id}`);
    const moved = await acquire(key);
    expect(moved).toMatchObject({ status: 200, body: { license: { tier: 'TEAM' } } });
    expect(moved.body.license.id).not.toBe(id);
    expect(await validate(key)).toMatchObject({ valid: true, license: { id: moved.body.license.id } });
    expect((await beat(seat)).status).toBeGreaterThanOrEqual(400);

    const old = await succeed(`${product.v1}/licenses/${id}`, { bearer: owner.access_token });
    expect(old).toMatchObject({ status: 'transferred', status_reason: 'ticket 4711' });
    expect(JSON.stringify(old)).not.toContain(to.tenant.id);
    const fresh = `${product.v1}/licenses/${moved.body.license.id}`;
    expect((await call(fresh, { bearer: owner.access_token })).status).toBe(404);
    expect(await succeed(fresh, { bearer: to.access_token })).toMatchObject({ key, status: 'active' });
    const again = await refused(admin('license', 'revoke', id));
    expect(again).toContain('The licence is transferred; that is for good.');
    expect(again).not.toMatch(/^\s+at /m);
  });

  it('imports: a dry run that writes nothing, faults with their lines, then the file', async () => {
    const owner = await signUp(product.api.url);
    const file = join(folder, 'licenses.csv');
    const keys = join(folder, 'keys.csv');
    const run = (...args: string[]) => admin('license', 'import', file, ...args);
    const lines = [
      'tenant_id,plan,key,seats',
      `${owner.tenant.id},STARTER,ACME-0123456789AB,3`,
      `${owner.tenant.id},TEAM,,`,
    ];
    writeFileSync(file, [...lines, `${owner.tenant.id},GOLD,,x`, ''].join('\n'));
    const faulty = await refused(run());
    expect(faulty).toContain('line 4, seats: must be a number');
    expect(faulty).toContain('Nothing was written');
    expect(faulty).not.toMatch(/^\s+at /m);

    writeFileSync(file, lines.join('\n'));
    expect(await run('--dry-run')).toBe('2 would be issued.\n');
    expect(await validate('ACME-0123456789AB')).toMatchObject({ code: 'NOT_FOUND' });
    expect(await run('--keys-to', keys)).toBe('2 issued.\n');
    expect(await validate('acme-0123456789ab')).toMatchObject({ valid: true, license: { tier: 'PRO' } });
    expect((await acquire(' ACME-0123 4567 89AB ')).body.seats).toEqual({ used: 1, max: 3 });
    const made = readFileSync(keys, 'utf8').trim().split('\n')[2]!.split(',')[2]!;
    expect((await acquire(made)).body).toMatchObject({ license: { tier: 'TEAM' }, seats: { max: 5 } });
  });
});

describe('the catalogue', () => {
  it('agrees everywhere within a second of a change: new seats, old seats’ pools and verdicts', async () => {
    const owner = await signUp(product.api.url);
    const code = `desk-${owner.tenant.slug.slice(-8)}`.replace(/[^a-z0-9-]/g, '0');
    await admin('product', 'create', code, '--name', 'Desk', '--brand', 'DESK');
    await admin(
      'policy',
      'create',
      'site',
      '--product',
      code,
      '--name',
      'Site',
      '--plan',
      'TEAM',
      '--set',
      'seats=2',
    );
    const { id, key } = await issue(owner, '--policy', `${code}/site`);
    expect(key).toMatch(/^DESK-TEAM-/);
    expect((await acquire(key)).body.seats.max).toBe(2);
    expect((await validate(key)).license!.entitlements).not.toContain('beta:use');

    await admin('policy', 'change', `${code}/site`, '--set', 'seats=3', '--set', 'addEntitlements=beta:use');
    await eventually(async () => expect((await acquire(key)).body.seats.max).toBe(3));
    await eventually(async () => expect((await validate(key)).license!.entitlements).toContain('beta:use'));
    const view = await succeed(`${product.v1}/licenses/${id}`, { bearer: owner.access_token });
    expect(view).toMatchObject({ seats: { included: 3 }, policy: { code: 'site' }, product: { code } });

    // The plans of the file as well, for licences that nobody touched since.
    const plans = plansFile((text) =>
      text.replace('[sync:read, sync:write]', '[sync:read, sync:write, sync:all]'),
    );
    expect(await looked('plans', 'diff', '--file', plans)).toBe('flags changed\n');
    expect(await admin('plans', 'apply', '--file', plans)).toBe('flags changed\n');
    await eventually(async () => expect((await validate(key)).license!.entitlements).toContain('sync:all'));
    await eventually(async () =>
      expect((await acquire(key)).body.license.entitlements).toContain('sync:all'),
    );
  });
});

describe('what a tenant does itself', () => {
  it('tightens its mode, never loosens it, and chooses a time zone', async () => {
    const owner = await signUp(product.api.url);
    const { key } = await issue(owner, '--plan', 'TEAM');
    const settings = `${product.v1}/licenses/settings`;
    const bearer = owner.access_token;
    const change = (body: unknown) => call<ErrorBody>(settings, { method: 'PATCH', bearer, body });
    expect(await succeed(settings, { bearer })).toEqual({ heartbeat_mode: null, time_zone: 'UTC' });
    expect(refusal(await change({ heartbeat_mode: 'relaxed' }))).toEqual([403, 'MODE_TOO_LOOSE']);
    expect(refusal(await change({ time_zone: '+02:00' }))).toEqual([422, 'VALIDATION_FAILED']);
    expect(refusal(await change({ time_zone: 'Mars/Olympus' }))).toEqual([422, 'VALIDATION_FAILED']);
    const tight = { heartbeat_mode: 'strict', time_zone: 'Europe/Berlin' };
    expect(await change(tight)).toMatchObject({ status: 200, body: tight });
    await acquire(key);
    const { data } = await succeed<{ data: { tier: string; heartbeat_mode: string }[] }>(
      `${product.v1}/licenses`,
      {
        bearer,
      },
    );
    expect(data.map((one) => one.heartbeat_mode)).toEqual(['strict', 'strict']);

    expect(await admin('tenant', 'terms', owner.tenant.id, '--set', 'flags.cloud_sync=false')).toContain(
      'override 1',
    );
    expect((await validate(key)).license!.entitlements).not.toContain('sync:write');
  });

  it('names the people of a licence', async () => {
    const [owner, stranger] = [await signUp(product.api.url), await signUp(product.api.url)];
    const bearer = owner.access_token;
    const users = `${product.v1}/licenses/${owner.license.id}/users`;
    const put = { method: 'PUT', bearer };
    expect(await succeed(`${users}/${owner.user.id}`, put)).toEqual({ assigned: true });
    expect(await succeed(`${users}/${owner.user.id}`, put)).toEqual({ assigned: false });
    await succeed(`${users}/${stranger.user.id}`, put);
    expect(await succeed(users, { bearer })).toMatchObject({
      data: [owner.user.id, stranger.user.id].sort().map((user_id) => ({ user_id })),
      next_cursor: null,
    });
    expect(await succeed(`${users}?limit=1`, { bearer })).toMatchObject({
      next_cursor: expect.stringMatching(/^usr_/),
    });
    expect((await call(users, { bearer: stranger.access_token })).status).toBe(404);
    expect((await call(`${users}/${owner.user.id}`, { ...put, bearer: stranger.access_token })).status).toBe(
      404,
    );
    const away = { method: 'DELETE', bearer };
    expect(await succeed(`${users}/${stranger.user.id}`, away)).toEqual({ unassigned: true });
    expect(await succeed(`${users}/${stranger.user.id}`, away)).toEqual({ unassigned: false });
  });

  it('checks a licence in, by key or bearer, where its terms ask for that', async () => {
    const owner = await signUp(product.api.url);
    const { id, key } = await issue(owner, '--plan', 'PRO', '--set', 'checkInDays=30');
    interface CheckedIn extends ErrorBody {
      checked_in_at: string;
      due_at: string;
    }
    const checkIn = (body: unknown, bearer?: string) =>
      call<CheckedIn>(`${product.v1}/licenses/check-in`, { body, bearer });
    const first = await checkIn({ license_key: key });
    expect(first.status).toBe(200);
    const days = (Date.parse(first.body.due_at) - Date.parse(first.body.checked_in_at)) / 86_400_000;
    expect(days).toBe(30);
    // Within a minute it is the same one: whoever has the key cannot fill the trail.
    expect((await checkIn({ license_id: id }, owner.access_token)).body).toEqual(first.body);
    expect(refusal(await checkIn({ license_key: owner.license.key! }))).toEqual([409, 'CHECK_IN_NOT_NEEDED']);
    expect(refusal(await checkIn({ license_id: id }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await checkIn({ license_key: `${key}0` }))).toEqual([404, 'NOT_FOUND']);
  });
});
