import { connect } from 'node:net';
import { newId } from '#platform';
import { eventually } from '../support/eventually.js';
import { openStream, type ReadStream } from '../support/event-stream.js';
import { journeyProduct } from '../support/journey.js';
import { promised } from '../support/patience.js';
import {
  call,
  type ErrorBody,
  refusal,
  type RegisteredBody,
  signUp,
  signUpByPassword,
  succeed,
} from '../support/person.js';
import { teamOf } from '../support/team.js';
import { settled } from '../support/tenant-life.js';

const WRITES = 120;
/** How long a revocation may take (S1-07 and the like). */
const REVOKED_WITHIN_MS = promised(2_000);

const product = journeyProduct({ BILLING_STREAM_HEARTBEAT_MS: '200', BILLING_STREAM_STALLED_MS: '1500' });
const team = teamOf(product);

const streams: ReadStream[] = [];
afterEach(() => streams.splice(0).forEach((one) => one.close()));

async function listen(owner: { access_token: string }, after?: string, url = product.api.url) {
  const stream = await openStream(`${url}/api/v1/billing/stream`, { bearer: owner.access_token, after });
  streams.push(stream);
  return stream;
}

/** Changes of one licence, as many events of ours, on their way to as many handlers at once. */
const changes = (owner: RegisteredBody, count: number) =>
  product.query(
    `insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at)
     select $1, id, 'licensing.license.changed', 1, jsonb_build_object('licenseId', $2::text), 'system', '', now()
     from unnest($3::text[]) id`,
    [owner.tenant.id, owner.license.id, Array.from({ length: count }, () => newId('evt'))],
  );

const headOf = async (owner: RegisteredBody): Promise<number> => {
  const [row] = await product.query<{ position: string }>(
    'select position from billing.stream_heads where tenant_id = $1',
    [owner.tenant.id],
  );
  return Number(row?.position ?? 0);
};

/** Somebody new, and all that their sign-up tells is in the stream. */
async function settledOwner(): Promise<RegisteredBody> {
  const owner = await signUp(product.api.url);
  await eventually(async () => (await headOf(owner)) > 0);
  return owner;
}

/** Whatever else has changed by itself meanwhile, the ids are those that follow on each other. */
const expectNoGap = (events: readonly { id: string }[], after: number) =>
  expect(events.map((one) => Number(one.id))).toEqual(events.map((_, n) => after + 1 + n));

describe('the live stream of billing (S2-33)', () => {
  it('begins with how things stand, and tells what changes as it changes', async () => {
    const owner = await settledOwner();
    const stream = await listen(owner);
    expect([stream.status, stream.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    const { data } = await stream.until((one) => one.kind === 'state');
    expect(data).toMatchObject({
      subscription: { revision: 0, state: 'none', access: 'free', plan: 'FREE' },
      licenses: [{ license_id: owner.license.id, tier: 'FREE', status: 'active', max_seats: 1 }],
    });
    // One view: whoever reads the one reads the other.
    const { change: _, ...subscription } = await team.ask<{ change: unknown }>(
      owner,
      '/billing/subscription',
    );
    expect(data.subscription).toEqual(subscription);

    await product.admin('license', 'change-plan', owner.license.id, '--plan', 'TEAM', '--reason', 'Test.');
    const changed = await stream.until((one) => one.data.tier === 'TEAM');
    expect([changed.kind, changed.data.max_seats]).toEqual(['license.changed', 5]);
    await eventually(() => stream.beats() > 2);
  });

  it('goes on behind the last event that somebody has had, under writes, with no gap and nothing twice', async () => {
    const owner = await settledOwner();
    const from = await headOf(owner);
    const before = `${from}`.padStart(16, '0');
    const seen: { id: string }[] = [];
    const [all, writing] = [await listen(owner, before), changes(owner, WRITES)];
    let after = before;
    // One listens all the time, the other comes and goes.
    while (seen.length < WRITES) {
      const stream = await listen(owner, after);
      const wanted = seen.length + 20;
      await stream.until(() => seen.length + stream.events.length >= Math.min(wanted, WRITES));
      stream.close();
      await stream.ended;
      seen.push(...stream.events);
      after = seen.at(-1)!.id;
    }
    await writing;
    await all.until(() => all.events.length >= WRITES);
    expectNoGap(seen, from);
    expectNoGap(all.events, from);
    // What is delivered again is not told again.
    const head = await headOf(owner);
    const again = await product.query<{ event_id: string }>(
      `delete from platform.inbox where tenant_id = $1 and subscription = 'billing.tell-stream' and event_id in (
           select event_id from billing.stream_events where tenant_id = $1 order by position desc limit 3)
         returning event_id`,
      [owner.tenant.id],
    );
    expect(again).toHaveLength(3);
    await product.query(
      'update platform.outbox set published_at = null, settled_at = null where tenant_id = $1 and id = any ($2)',
      [owner.tenant.id, again.map((one) => one.event_id)],
    );
    await settled(product, owner.tenant.id);
    expect(await headOf(owner)).toBe(head);
  });

  it('begins anew where what followed is no longer kept, or the id is none of ours', async () => {
    const owner = await settledOwner();
    await changes(owner, 5);
    await eventually(async () => (await headOf(owner)) >= 6);
    const head = await headOf(owner);
    await product.query('delete from billing.stream_events where tenant_id = $1 and position <= $2', [
      owner.tenant.id,
      head - 2,
    ]);
    for (const after of ['0000000000000001', '0000000000999999', 'evt_1']) {
      const stream = await listen(owner, after);
      const first = await stream.until(() => true);
      expect([first.kind, Number(first.id)]).toEqual(['state', head]);
    }
    const kept = await listen(owner, String(head - 2).padStart(16, '0'));
    await kept.until((one) => Number(one.id) === head);
    expectNoGap(kept.events, head - 2);
  });

  it('goes on while Redis is emptied and while it is away', async () => {
    const owner = await settledOwner();
    const stream = await listen(owner);
    await product.redisClient().flushall();
    await product.admin('license', 'change-plan', owner.license.id, '--plan', 'TEAM', '--reason', 'Test.');
    await stream.until((one) => one.data.tier === 'TEAM');

    await product.redis.kill();
    // Without Redis no event comes to a handler; what one had written by then is told all the same.
    await product.query(
      `with head as (update billing.stream_heads set position = position + 1 where tenant_id = $1 returning position)
         insert into billing.stream_events (tenant_id, position, event_id, kind, data, at)
         select $1, position, 'evt_away', 'license.changed', '{"away": true}', now() from head`,
      [owner.tenant.id],
    );
    await stream.until((one) => one.data.away === true);
    const opened = await listen(owner);
    await opened.until((one) => one.kind === 'state');
    await product.redis.start();
    await product.admin('license', 'change-plan', owner.license.id, '--plan', 'PRO', '--reason', 'Test.');
    await stream.until((one) => one.data.tier === 'PRO');
    const ids = stream.events.slice(1).map((one) => Number(one.id));
    expect(ids).toEqual(ids.map((_, n) => ids[0]! + n));
  });
});

describe('who may listen, and how much', () => {
  it('owners and billing people with a proved address, and nobody else', async () => {
    const owner = await team.owner();
    const [payer, developer] = [await team.member(owner, 'billing'), await team.member(owner, 'developer')];
    expect((await listen(payer)).status).toBe(200);
    expect(await team.refused(developer, '/billing/stream')).toEqual([403, 'MISSING_SCOPE']);
    expect(refusal(await call<ErrorBody>(`${product.v1}/billing/stream`))).toEqual([401, 'UNAUTHENTICATED']);
    const unproved = await signUpByPassword(product.api.url);
    expect(await team.refused(unproved, '/billing/stream')).toEqual([403, 'EMAIL_NOT_VERIFIED']);
  });

  it('nothing of another organisation', async () => {
    const [ours, theirs] = [await settledOwner(), await settledOwner()];
    const stream = await listen(ours);
    await Promise.all([changes(theirs, 20), changes(ours, 3)]);
    await stream.until(() => stream.events.filter((one) => one.kind === 'license.changed').length >= 3);
    expect(JSON.stringify(stream.events)).not.toContain(theirs.license.id);
  });

  it('so many at a time for each person and organisation, whichever process they are at (S2-45)', async () => {
    const limits = { BILLING_STREAMS_PER_USER: '2', BILLING_STREAMS_PER_TENANT: '3' };
    const [one, other] = await Promise.all([product.startApi(limits), product.startApi(limits)]);
    const owner = await team.owner();
    const payers = [await team.member(owner, 'billing'), await team.member(owner, 'billing')];
    const refused = async (who: { access_token: string }, url: string) => {
      const answer = await call<ErrorBody>(`${url}/api/v1/billing/stream`, { bearer: who.access_token });
      expect(refusal(answer)).toEqual([429, 'TOO_MANY_STREAMS']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      return answer.body.error.details;
    };
    const first = await listen(owner, undefined, one.url);
    expect((await listen(owner, undefined, other.url)).status).toBe(200);
    expect(await refused(owner, one.url)).toEqual({ scope: 'user', limit: 2 });
    expect((await listen(payers[0]!, undefined, one.url)).status).toBe(200);
    expect(await refused(payers[1]!, other.url)).toEqual({ scope: 'tenant', limit: 3 });
    await eventually(() => other.output().includes('rate_limit.block'));
    expect(await (await fetch(`${other.url}/metrics`)).text()).toContain(
      'streams_refused_total{stream="billing",scope="tenant"} 1',
    );

    // Who hangs up gives a place back.
    first.close();
    await eventually(async () => (await listen(payers[1]!, undefined, other.url)).status === 200);
    // While Redis is away each process counts its own.
    await product.redis.kill();
    expect((await listen(payers[1]!, undefined, one.url)).status).toBe(200);
    expect((await listen(payers[1]!, undefined, one.url)).status).toBe(200);
    expect(await refused(payers[1]!, one.url)).toMatchObject({ limit: expect.any(Number) as number });
    await product.redis.start();
    expect([await one.stop(), await other.stop()]).toEqual([0, 0]);
  });

  it('until the session, the role or the organisation is taken away: within two seconds', async () => {
    const owner = await team.owner();
    const payer = await team.member(owner, 'billing');
    const gone = async (stream: ReadStream, take: () => Promise<unknown>) => {
      await stream.until((one) => one.kind === 'state');
      await take();
      const taken = performance.now();
      expect(await stream.ended).toBe('end');
      expect(performance.now() - taken).toBeLessThan(REVOKED_WITHIN_MS);
    };
    await gone(await listen(payer), () =>
      team.ask(owner, `/tenant/members/${payer.id}`, { method: 'PATCH', body: { role: 'developer' } }),
    );
    const again = await team.refreshed(owner);
    await gone(await listen(again), () =>
      succeed(`${product.v1}/auth/logout/all`, { method: 'POST', bearer: again.access_token }),
    );

    const other = await settledOwner();
    await gone(await listen(other), () =>
      product.admin('tenant', 'suspend', other.tenant.id, '--reason', 'Test.'),
    );
    expect(await team.refused(other, '/billing/stream')).toEqual([403, 'TENANT_SUSPENDED']);
  });

  it('if they read: who does not is dropped, and is not kept for', async () => {
    const owner = await settledOwner();
    const from = await headOf(owner);
    // More than the buffers of a connection hold.
    await product.query(
      `with head as (update billing.stream_heads set position = position + 400 where tenant_id = $1 returning position - 400 as base)
         insert into billing.stream_events (tenant_id, position, event_id, kind, data, at)
         select $1, base + n, 'evt_fat' || n, 'license.changed', jsonb_build_object('fat', repeat('x', 100000)), now()
         from head, generate_series(1, 400) n`,
      [owner.tenant.id],
    );
    const { hostname, port } = new URL(product.api.url);
    const socket = connect(Number(port), hostname);
    const after = String(from).padStart(16, '0');
    socket.write(
      `GET /api/v1/billing/stream HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${owner.access_token}\r\nlast-event-id: ${after}\r\n\r\n`,
    );
    socket.pause();
    await eventually(async () =>
      (await (await fetch(`${product.api.url}/metrics`)).text()).includes(
        'billing_streams_ended_total{why="stalled"} 1',
      ),
    );
    socket.destroy();
  });
});

it('is served to a browser application whose session is in cookies', async () => {
  const owner = await settledOwner();
  const stream = await openStream(`${product.v1}/billing/stream`, {
    headers: {
      'gatehouse-session': 'cookie',
      cookie: `__Host-gatehouse-access=${owner.access_token}`,
    },
  });
  streams.push(stream);
  await stream.until((one) => one.kind === 'state');
});

it('are so many at a time for each process, whoever reads them (S2-45)', async () => {
  const { url } = await product.startApi({ BILLING_STREAMS_PER_PROCESS: '2' });
  const owners = await Promise.all([1, 2, 3].map(() => settledOwner()));
  const first = await listen(owners[0]!, undefined, url);
  expect([first.status, (await listen(owners[1]!, undefined, url)).status]).toEqual([200, 200]);
  const answer = await call<ErrorBody>(`${url}/api/v1/billing/stream`, { bearer: owners[2]!.access_token });
  expect(refusal(answer)).toEqual([429, 'TOO_MANY_STREAMS']);
  expect(answer.body.error.details).toEqual({ scope: 'process', limit: 2 });
  first.close();
  await eventually(async () => (await listen(owners[2]!, undefined, url)).status === 200);
});

it('ends cleanly when the process that serves it stops, and goes on at another one', async () => {
  const [leaving, owner] = [await product.startApi(), await settledOwner()];
  const stream = await listen(owner, undefined, leaving.url);
  const { id } = await stream.until((one) => one.kind === 'state');
  expect(await leaving.stop()).toBe(0);
  expect(await stream.ended).toBe('end');
  await changes(owner, 1);
  const next = await listen(owner, id);
  expect(Number((await next.until(() => true)).id)).toBe(Number(id) + 1);
});
