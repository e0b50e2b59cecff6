import { setTimeout as pause } from 'node:timers/promises';
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

const product = journeyProduct();
const redis = () => product.redisClient();

type Answer = SeatBody & ErrorBody;

const acquire = (owner: RegisteredBody, hardware_id: string) =>
  call<Answer>(`${product.v1}/licenses/acquire`, { bearer: owner.access_token, body: { hardware_id } });
const beat = (seat: { session_id: string }) =>
  call<Answer>(`${product.v1}/licenses/heartbeat`, { method: 'PUT', body: { session_id: seat.session_id } });
const release = (seat: { session_id: string }) =>
  succeed<{ released: boolean }>(`${product.v1}/licenses/release`, {
    method: 'DELETE',
    body: { session_id: seat.session_id },
  });

async function held(owner: RegisteredBody, hardware_id: string): Promise<SeatBody> {
  const answer = await acquire(owner, hardware_id);
  if (answer.status !== 200) throw new Error(`${hardware_id} got no seat: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** What seats of this licence are given from now on, in ms. */
async function shorten(owner: RegisteredBody, ttlMs: number): Promise<void> {
  const [key] = await redis().keys(`*${owner.license.id}:policy`);
  await redis().hset(key!, 'ttl', ttlMs);
}

async function lapsed({ expires_at }: SeatBody): Promise<void> {
  const [seconds, micros] = await redis().time();
  await pause(
    Math.max(0, Date.parse(expires_at) - (Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)) + 1),
  );
}

/** A licence of so many seats; null: of any number. */
async function ownerOf(seats: number | null): Promise<RegisteredBody> {
  const owner = await signUp(product.api.url);
  const overrides = [{ terms: { seats }, expiresAt: null, reason: 'test' }];
  await product.query('update licensing.licenses set overrides = $2, revision = revision + 1 where id = $1', [
    owner.license.id,
    JSON.stringify(overrides),
  ]);
  return owner;
}

/** Redis forgets everything; the shards are open again, and newcomers have to wait for one TTL. */
async function emptied(): Promise<void> {
  await redis().flushall();
  await eventually(async () => (await redis().keys('*:recovery')).length === 16, { everyMs: 20 });
}

/** The TTL after a loss is over. */
const waited = async () => redis().del(await redis().keys('*:recovery'));

/** A licence with one seat, held by `ada` until it lapses, which is soon. */
async function lapsing(ttlMs = 400): Promise<{ owner: RegisteredBody; seat: SeatBody }> {
  const owner = await signUp(product.api.url);
  await release(await held(owner, 'ada'));
  await shorten(owner, ttlMs);
  const seat = await held(owner, 'ada');
  return { owner, seat };
}

describe('a seat whose client has vanished', () => {
  it('is free at its TTL with no worker running, and not before (S1-39)', async () => {
    await product.worker.stop();
    // Long enough for a busy machine to ask before it is over.
    const { owner, seat } = await lapsing(3_000);
    const early = await acquire(owner, 'eve');
    expect(refusal(early)).toEqual([409, 'SEATS_EXHAUSTED']);
    expect(early.body.error.details).toMatchObject({ used: 1, max: 1, earliest_expiry: seat.expires_at });
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);

    const next = await eventually(() => held(owner, 'eve'));
    expect(next.seats).toEqual({ used: 1, max: 1 });
    // Redis's clock decides both: it was given when the other had ended.
    expect(Date.parse(next.expires_at) - 3_000).toBeGreaterThanOrEqual(Date.parse(seat.expires_at));
    product.worker = await product.startWorker();
  });

  it('is not taken back from another by a late heartbeat', async () => {
    const { owner, seat } = await lapsing();
    await lapsed(seat);
    await shorten(owner, 360_000);
    const other = await held(owner, 'eve');
    expect(refusal(await beat(seat))).toEqual([409, 'SEATS_EXHAUSTED']);
    expect((await beat(other)).status).toBe(200);
  });

  it('is held again by a late heartbeat while it is free: the same seat', async () => {
    const { owner, seat } = await lapsing();
    await lapsed(seat);
    await shorten(owner, 360_000);
    expect((await beat(seat)).body).toMatchObject({ seats: { used: 1, max: 1 } });
    expect((await held(owner, 'ada')).session_id).toBe(seat.session_id);
    expect(refusal(await acquire(owner, 'eve'))).toEqual([409, 'SEATS_EXHAUSTED']);
  });

  it('is held again also when the worker has told the ledger of its lapse', async () => {
    const { owner, seat } = await lapsing();
    await lapsed(seat);
    await eventually(async () => (await ledgerOf(owner)).includes('lapsed'), { withinMs: 15_000 });
    expect((await beat(seat)).status).toBe(200);
    await eventually(async () =>
      expect((await ledgerOf(owner)).slice(2, 5)).toEqual(['acquired', 'lapsed', 'acquired']),
    );
  });
});

async function ledgerOf(owner: RegisteredBody): Promise<string[]> {
  const rows = await product.query<{ change: string }>(
    'select change from licensing.seat_ledger where tenant_id = $1 order by at, ledger_id',
    [owner.tenant.id],
  );
  return rows.map((row) => row.change);
}

describe('a seat that was given back', () => {
  it('never comes back: not at once, not once the ledger has it, not after Redis was emptied', async () => {
    const owner = await signUp(product.api.url);
    const seat = await held(owner, 'ada');
    expect(await release(seat)).toEqual({ released: true });
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);

    await eventually(async () => expect(await ledgerOf(owner)).toEqual(['acquired', 'released']));
    // The mark of it goes a minute later.
    await redis().del(await redis().keys('*:gone'));
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);

    await emptied();
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
    expect(await release(seat)).toEqual({ released: false });
    await waited();
    expect((await acquire(owner, 'eve')).status).toBe(200);
    expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']);
  });

  it('gives its place to the next at once', async () => {
    const owner = await signUp(product.api.url);
    await release(await held(owner, 'ada'));
    expect((await held(owner, 'eve')).seats).toEqual({ used: 1, max: 1 });
  });
});

describe('a Redis that was emptied', () => {
  it('gets its seats back from their holders’ heartbeats, before anybody else', async () => {
    const owner = await signUp(product.api.url);
    const seat = await held(owner, 'ada');
    await emptied();
    const early = await acquire(owner, 'eve');
    expect(refusal(early)).toEqual([503, 'SEATS_UNAVAILABLE']);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    await eventually(async () =>
      expect((await beat(seat)).body).toMatchObject({ seats: { used: 1, max: 1 } }),
    );
    expect((await held(owner, 'ada')).session_id).toBe(seat.session_id);
    await waited();
    expect(refusal(await acquire(owner, 'eve'))).toEqual([409, 'SEATS_EXHAUSTED']);
    const trail = await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit?action=SEAT_LEDGER_GAP`, {
        bearer: owner.access_token,
      });
      return data.length > 0 && data;
    });
    expect(trail).toHaveLength(1);
  });

  it('is never over its limit, however many holders come back at once with newcomers', async () => {
    const owner = await ownerOf(5);
    const seats = await Promise.all(Array.from({ length: 5 }, (_, i) => held(owner, `old-${i}`)));
    await emptied();
    const statuses: number[] = [];
    const isBack = async (seat: SeatBody) => {
      const { status } = await beat(seat);
      if (status !== 200) statuses.push(status);
      return status === 200;
    };
    const [, fresh] = await Promise.all([
      Promise.all(seats.map((seat) => eventually(() => isBack(seat)))),
      Promise.all(Array.from({ length: 20 }, (_, i) => acquire(owner, `new-${i}`))),
    ]);
    // Who returned too early was told to ask again, and nobody new got in.
    expect(statuses.filter((status) => status !== 503)).toEqual([]);
    expect(fresh.map((one) => one.status)).toEqual(Array.from({ length: 20 }, () => 503));
    await waited();
    const later = await Promise.all(Array.from({ length: 20 }, (_, i) => acquire(owner, `new-${i}`)));
    expect(later.map((one) => one.status)).toEqual(Array.from({ length: 20 }, () => 409));
  });
});

describe('an unlimited licence', () => {
  it('gives a seat to everybody and says so', async () => {
    const owner = await ownerOf(null);
    const seats = await Promise.all(Array.from({ length: 40 }, (_, i) => held(owner, `device-${i}`)));
    expect(new Set(seats.map((seat) => seat.session_id)).size).toBe(40);
    expect((await held(owner, 'one-more')).seats).toEqual({ used: 41, max: null });
  });
});

describe('a Redis that is away', () => {
  it('is a 503 that says when to ask again; everything else goes on, and seats return with it', async () => {
    const owner = await signUp(product.api.url);
    const seat = await held(owner, 'ada');
    await product.redis.kill();

    const refused = [
      await acquire(owner, 'ada'),
      await beat(seat),
      await call<Answer>(`${product.v1}/licenses/release`, {
        method: 'DELETE',
        body: { session_id: seat.session_id },
      }),
    ];
    for (const one of refused) {
      expect([...refusal(one), one.headers.get('retry-after')]).toEqual([503, 'SEATS_UNAVAILABLE', '5']);
    }
    expect((await call(`${product.v1}/auth/me`, { bearer: owner.access_token })).status).toBe(200);
    expect((await signUp(product.api.url)).license.status).toBe('active');
    expect(await succeed(`${product.api.url}/health/ready`)).toMatchObject({
      status: 'degraded',
      checks: { redis: { seats: { status: 'down' } } },
    });

    await product.redis.start();
    await eventually(async () =>
      expect((await beat(seat)).body).toMatchObject({ seats: { used: 1, max: 1 } }),
    );
    expect((await held(owner, 'ada')).session_id).toBe(seat.session_id);
    expect(await release(seat)).toEqual({ released: true });
    await eventually(async () => expect((await ledgerOf(owner)).at(-1)).toBe('released'));
    await waited();
  });
});

describe('a licence that is suspended', () => {
  it('ends its seats: their programs hear why, the ledger says so, and they do not come back', async () => {
    const owner = await signUp(product.api.url);
    const seat = await held(owner, 'ada');
    const setTo = (verb: string) =>
      product.admin('tenant', verb, owner.tenant.id, '--reason', 'The invoice is overdue.');
    await setTo('suspend');
    const withinMs = 30_000;
    await eventually(async () => expect(refusal(await beat(seat))).toEqual([403, 'LICENSE_SUSPENDED']), {
      withinMs,
    });
    await eventually(async () => expect((await ledgerOf(owner)).at(-1)).toBe('ended'), { withinMs });
    await setTo('reactivate');
    await eventually(async () => expect(refusal(await beat(seat))).toEqual([410, 'SEAT_GONE']), { withinMs });
    expect((await held(owner, 'eve')).seats).toEqual({ used: 1, max: 1 });
  });
});

describe('the last seat', () => {
  it('goes to one of fifty programs that ask at the same moment', async () => {
    const owner = await ownerOf(2);
    await held(owner, 'first');
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => acquire(owner, `racer-${i}`)));
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1);
    expect(answers.filter((one) => one.status === 409)).toHaveLength(49);
  });
});
