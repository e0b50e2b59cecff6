import { newId } from '#platform';
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

/** The contract: what was acquired with a login is free within 2 s of its end (C3). */
const LOGIN_ENDS = { withinMs: promised(2_000) };
/** The contract: an entry is readable within 3 s. */
const AUDITED = { withinMs: promised(3_000) };

const product = journeyProduct();

type Login = Pick<RegisteredBody, 'access_token' | 'refresh_token'>;
type Answer = SeatBody & ErrorBody;
interface Listed {
  data: {
    id: string;
    device: string;
    user_id: string | null;
    since: string;
    expires_at: string;
    own: boolean;
  }[];
  next_cursor: string | null;
}
interface Devices {
  data: { device: string; user_id: string | null; bound_at: string }[];
}

const acquire = (by: Login, hardware_id: string, license_id?: string) =>
  call<Answer>(`${product.v1}/licenses/acquire`, {
    bearer: by.access_token,
    body: { hardware_id, license_id },
  });
async function held(by: Login, hardware_id: string, license_id?: string): Promise<SeatBody> {
  const answer = await acquire(by, hardware_id, license_id);
  if (answer.status !== 200) throw new Error(`${hardware_id} got no seat: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
const beat = (seat: SeatBody) =>
  call<Answer>(`${product.v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id: seat.session_id } });
const seatsOf = (by: Login, license: string) =>
  succeed<Listed>(`${product.v1}/licenses/${license}/seats`, { bearer: by.access_token });
const devicesOf = (by: Login, license: string) =>
  succeed<Devices>(`${product.v1}/licenses/${license}/devices`, { bearer: by.access_token });
const remove = (by: Login, path: string) =>
  call<ErrorBody & { status: string }>(`${product.v1}/licenses/${path}`, {
    method: 'DELETE',
    bearer: by.access_token,
  });
const trail = async (by: Login, action: string) =>
  (await succeed<AuditBody>(`${product.v1}/audit?action=${action}`, { bearer: by.access_token })).data;

/** Another licence of the tenant, with these terms: a copy of its first, faster than an operator makes one. */
async function issued(owner: RegisteredBody, terms: Record<string, unknown>): Promise<string> {
  const id = newId('lic');
  const overrides = [{ terms: { seats: 5, ...terms }, expiresAt: null, reason: 'a customer’s wish' }];
  await product.query(
    `insert into licensing.licenses
     select (jsonb_populate_record(l, jsonb_build_object('id', $2::text, 'overrides', $3::jsonb))).*
     from licensing.licenses l where l.id = $1`,
    [owner.license.id, id, JSON.stringify(overrides)],
  );
  return id;
}

describe('a login that ends', () => {
  it('frees what was acquired with it within 2 s, on every licence, and nothing else (C3)', async () => {
    const owner = await signUp(product.api.url);
    const other = await succeed<Login>(`${product.v1}/auth/login`, { method: 'POST', bearer: owner.idToken });
    const team = await issued(owner, {});
    const seats = [await held(owner, 'laptop'), await held(owner, 'laptop', team)];
    const kept = await held(other, 'desktop', team);

    const { revoked } = await succeed<{ revoked: number }>(`${product.v1}/auth/logout`, {
      body: { refresh_token: owner.refresh_token },
    });
    expect(revoked).toBe(1);
    await eventually(async () => {
      for (const seat of seats) expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
    }, LOGIN_ENDS);
    expect((await beat(kept)).status).toBe(200);
    expect((await seatsOf(other, team)).data).toMatchObject([{ user_id: owner.user.id, own: true }]);
    // The access token is good for an hour, and takes no other seat instead.
    expect(refusal(await acquire(owner, 'laptop'))).toEqual([401, 'UNAUTHENTICATED']);
    await held(other, 'laptop');

    await eventually(async () => {
      const ended = await trail(other, 'SEAT_ENDED');
      expect(ended.map((one) => [one.actor.type, one.metadata.cause, one.subject]).sort()).toEqual(
        [owner.license.id, team].map((id) => [expect.any(String), 'login_ended', id]).sort(),
      );
    }, AUDITED);
  });

  it('is not what losing a seat means', async () => {
    const owner = await signUp(product.api.url);
    const seat = await held(owner, 'laptop');
    const [listed] = (await seatsOf(owner, owner.license.id)).data;
    expect((await remove(owner, `${owner.license.id}/seats/${listed!.id}`)).body).toEqual({
      status: 'freed',
    });
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
    expect((await call(`${product.v1}/auth/me`, { bearer: owner.access_token })).status).toBe(200);
    await succeed(`${product.v1}/auth/refresh`, { body: { refresh_token: owner.refresh_token } });
    await held(owner, 'laptop');
  });
});

describe('who holds what', () => {
  it('is listed without what would prove a seat, freed once, and told with who freed it', async () => {
    const owner = await signUp(product.api.url);
    const { id } = owner.license;
    const seat = await held(owner, 'laptop');
    const { data } = await seatsOf(owner, id);
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        device: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        user_id: owner.user.id,
        since: expect.any(String) as string,
        expires_at: expect.any(String) as string,
        own: true,
      },
    ]);
    expect(
      refusal(
        await call(`${product.v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id: data[0]!.id } }),
      ),
    ).toEqual([401, 'UNAUTHENTICATED']);
    expect((await remove(owner, `${id}/seats/${data[0]!.id}`)).status).toBe(200);
    expect(refusal(await remove(owner, `${id}/seats/${data[0]!.id}`))).toEqual([404, 'NOT_FOUND']);
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
    expect((await seatsOf(owner, id)).data).toEqual([]);
    await eventually(async () => {
      const [freed] = await trail(owner, 'SEAT_FREED');
      expect(freed).toMatchObject({
        actor: { type: 'user', id: owner.user.id },
        subject: id,
        metadata: { seat_id: data[0]!.id, user_id: owner.user.id },
      });
    }, AUDITED);
  });

  it('is nobody else’s business: another tenant’s licences, seats and devices are 404', async () => {
    const [owner, stranger] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
    await held(owner, 'laptop');
    const [seat] = (await seatsOf(owner, owner.license.id)).data;
    const at = `${owner.license.id}`;
    const get = (path: string) =>
      call<ErrorBody>(`${product.v1}/licenses/${path}`, { bearer: stranger.access_token });
    for (const path of [`${at}/seats`, `${at}/devices`])
      expect(refusal(await get(path))).toEqual([404, 'NOT_FOUND']);
    for (const path of [`${at}/seats/${seat!.id}`, `${at}/devices/${seat!.device}`])
      expect(refusal(await remove(stranger, path))).toEqual([404, 'NOT_FOUND']);
    // Nor is a seat found under a licence that it is not of.
    expect(refusal(await remove(stranger, `${stranger.license.id}/seats/${seat!.id}`))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    expect((await seatsOf(owner, owner.license.id)).data).toHaveLength(1);
    expect(refusal(await call(`${product.v1}/licenses/${at}/seats`))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('is told to operators, who free a seat with a reason', async () => {
    const owner = await signUp(product.api.url);
    const seat = await held(owner, 'laptop');
    const said = await product.admin('seats', 'list', owner.license.key!);
    expect(said).toContain(`${owner.user.id} on `);
    const seatId = said.split(' ')[0]!;
    const why = ['--reason', 'a machine that was stolen'];
    expect(await product.admin('seats', 'free', owner.license.id, seatId, ...why)).toBe(
      `${seatId} is free.\n`,
    );
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
    expect((await seatsOf(owner, owner.license.id)).data).toEqual([]);
    const today = { peak: 1, acquired: 1, ended: 1, devices: 1, users: 1 };
    await eventually(async () => {
      const { data } = await succeed<{ data: object[] }>(
        `${product.v1}/licenses/${owner.license.id}/seats/statistics`,
        { bearer: owner.access_token },
      );
      expect(data).toHaveLength(30);
      expect(data.at(-1)).toMatchObject(today);
    });
    expect(await product.admin('seats', 'statistics', owner.license.id)).toContain('peak 1  acquired 1');
    await eventually(async () => {
      const [freed] = await trail(owner, 'SEAT_FREED');
      expect(freed).toMatchObject({ actor: { type: 'operator' }, metadata: { reason: why[1] } });
    }, AUDITED);
  });
});

describe('a person who is taken off a licence', () => {
  it('loses their seats on it', async () => {
    const owner = await signUp(product.api.url);
    const named = await issued(owner, { namedUsers: true });
    const person = `${product.v1}/licenses/${named}/users/${owner.user.id}`;
    expect(refusal(await acquire(owner, 'laptop', named))[0]).toBe(403);
    await succeed(person, { method: 'PUT', bearer: owner.access_token });
    const seat = await held(owner, 'laptop', named);
    await succeed(person, { method: 'DELETE', bearer: owner.access_token });
    await eventually(async () => expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']));
    expect(refusal(await acquire(owner, 'laptop', named))[0]).toBe(403);
  });
});

describe('a node-locked licence', () => {
  it('binds as many devices as it has places, and the others when one is unbound', async () => {
    const owner = await signUp(product.api.url);
    const license = await issued(owner, { kind: 'node_locked', seats: 3 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => acquire(owner, `machine-${i}`, license)),
    );
    const given = answers.filter((one) => one.status === 200).map((one) => one.body);
    const refused = answers.filter((one) => one.status !== 200);
    expect(given).toHaveLength(3);
    for (const one of refused) {
      expect(refusal(one)).toEqual([409, 'DEVICES_EXHAUSTED']);
      expect(one.body.error.details).toEqual({ used: 3, max: 3 });
    }

    // A place is kept whether or not its device runs.
    for (const seat of given)
      await succeed(`${product.v1}/licenses/release`, {
        method: 'DELETE',
        body: { session_id: seat.session_id },
      });
    expect(refusal(await acquire(owner, 'one-more', license))).toEqual([409, 'DEVICES_EXHAUSTED']);
    const bound = answers.findIndex((one) => one.status === 200);
    const seat = await held(owner, `machine-${bound}`, license);
    const { device } = (await seatsOf(owner, license)).data[0]!;
    expect((await devicesOf(owner, license)).data.map((one) => one.device)).toContain(device);

    expect((await remove(owner, `${license}/devices/${device}`)).body).toEqual({ status: 'unbound' });
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
    await held(owner, 'one-more', license);
    expect(refusal(await acquire(owner, `machine-${bound}`, license))).toEqual([409, 'DEVICES_EXHAUSTED']);
    expect(refusal(await remove(owner, `${license}/devices/${device}`))).toEqual([404, 'NOT_FOUND']);

    const listed = await product.admin('device', 'list', license);
    expect(listed.trim().split('\n')).toHaveLength(3);
    const first = listed.split(' ')[0]!;
    await product.admin('device', 'unbind', license, first, '--reason', 'it was sold');
    expect((await devicesOf(owner, license)).data.map((one) => one.device)).not.toContain(first);
    await eventually(async () => {
      expect(await trail(owner, 'DEVICE_BOUND')).toHaveLength(4);
      const unbound = await trail(owner, 'DEVICE_UNBOUND');
      expect(unbound.map((one) => [one.actor.type, one.metadata.device, one.metadata.reason])).toEqual([
        ['operator', first, 'it was sold'],
        ['user', device, undefined],
      ]);
    }, AUDITED);
  });
});

describe('licences that do not share a device', () => {
  it('give one device that asks at once a seat of exactly one of them', async () => {
    const owner = await signUp(product.api.url);
    const licenses = [
      await issued(owner, { uniqueness: 'tenant' }),
      await issued(owner, { uniqueness: 'tenant' }),
    ];
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        licenses.map((license) => acquire(owner, `machine-${round}`, license)),
      );
      const winner = answers.findIndex((one) => one.status === 200);
      const loser = answers[1 - winner]!;
      expect(refusal(loser)).toEqual([409, 'DEVICE_IN_USE']);
      expect(loser.body.error.details).toEqual({ license_id: licenses[winner] });
      expect((await seatsOf(owner, licenses[1 - winner]!)).data).toEqual([]);
      // Once it has given that seat back it may have one of the other.
      const [seat] = (await seatsOf(owner, licenses[winner]!)).data;
      await remove(owner, `${licenses[winner]}/seats/${seat!.id}`);
      const next = await held(owner, `machine-${round}`, licenses[1 - winner]);
      await succeed(`${product.v1}/licenses/release`, {
        method: 'DELETE',
        body: { session_id: next.session_id },
      });
    }
  });
});
