import { generateSecrets } from '#platform';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { type Answer, call, kidOf, type RegisteredBody, signUp, succeed } from '../support/person.js';
import type { ProductProcess } from '../support/product.js';

const product = journeyProduct();
let other: ProductProcess;

beforeAll(async () => {
  other = await product.startApi();
});

const refresh = (api: ProductProcess, refresh_token: string): Promise<Answer<RegisteredBody>> =>
  call(`${api.url}/api/v1/auth/refresh`, { body: { refresh_token } });
const me = async (api: ProductProcess, bearer: string) =>
  (await call(`${api.url}/api/v1/auth/me`, { bearer })).status;
/** Both processes in turn, as a load balancer has it. */
const api = (i: number) => (i % 2 === 0 ? product.api : other);

async function succeedRefresh(refresh_token: string): Promise<string> {
  const answer = await refresh(product.api, refresh_token);
  expect(answer.status).toBe(200);
  return answer.body.refresh_token;
}

/** Everything of a person's sessions happened a minute earlier: past every grace. */
async function aMinutePasses(userId: string): Promise<void> {
  await product.query(
    `update identity.refresh_tokens t set rotated_at = rotated_at - interval '1 minute',
       successor_used_at = successor_used_at - interval '1 minute'
     from identity.auth_sessions s where s.id = t.session_id and s.user_id = $1`,
    [userId],
  );
}

describe('refreshing (S1-17, S2-27, C47)', () => {
  it('a hundred times at once with one token, at two processes, logs nobody out', async () => {
    const person = await signUp(product.api.url);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => refresh(api(i), person.refresh_token)),
    );
    expect(new Set(answers.map((one) => one.status))).toEqual(new Set([200]));
    const successors = new Set(answers.map((one) => one.body.refresh_token));
    expect(successors.size).toBe(1);
    for (const [i, one] of answers.slice(0, 10).entries())
      expect(await me(api(i + 1), one.body.access_token)).toBe(200);

    // And again with the successor, while stragglers still come with the first one.
    const [next] = [...successors];
    const mixed = await Promise.all(
      Array.from({ length: 40 }, (_, i) => refresh(api(i), i % 4 === 0 ? person.refresh_token : next!)),
    );
    expect(new Set(mixed.map((one) => one.status))).toEqual(new Set([200]));
    const rows = await product.query<{ n: number; kids: number; mine: number }>(
      `select count(*)::int as n, count(distinct signing_kid)::int as kids,
         count(*) filter (where signing_kid = $2)::int as mine
       from identity.refresh_tokens t join identity.auth_sessions s on s.id = t.session_id where s.user_id = $1`,
      [person.user.id, kidOf(person.access_token)],
    );
    expect(rows).toEqual([{ n: 3, kids: 1, mine: 3 }]);
  });

  it('survives answers that are lost with the process that gave them', async () => {
    const people = await Promise.all([1, 2, 3].map(() => signUp(product.api.url)));
    const doomed = await product.startApi();
    const lost = people.map((person) => refresh(doomed, person.refresh_token).catch(() => null));
    // Killed as soon as one of them is in the database, before or after its answer left.
    await eventually(
      async () => {
        const rows = await product.query(
          `select 1 from identity.refresh_tokens t join identity.auth_sessions s on s.id = t.session_id
           where s.user_id = any ($1) and t.rotated_at is not null`,
          [people.map((person) => person.user.id)],
        );
        return rows.length > 0;
      },
      { everyMs: 1 },
    );
    await doomed.kill();
    await Promise.all(lost);
    for (const person of people) {
      await aMinutePasses(person.user.id);
      const next = await succeedRefresh(person.refresh_token);
      expect(await succeedRefresh(person.refresh_token)).toBe(next);
      await succeedRefresh(next);
    }
  });

  it('ends the family when a token comes back after its successor was used: a thief, or their victim', async () => {
    const victim = await signUp(product.api.url);
    const bystander = await signUp(product.api.url);
    const stolen = victim.refresh_token;
    const second = await succeedRefresh(stolen);
    const third = await succeedRefresh(second);
    await aMinutePasses(victim.user.id);

    expect((await refresh(other, stolen)).status).toBe(401);
    for (const token of [stolen, second, third]) expect((await refresh(product.api, token)).status).toBe(401);
    const rows = await product.query<{ end_reason: string }>(
      'select end_reason from identity.auth_sessions where user_id = $1',
      [victim.user.id],
    );
    expect(rows).toEqual([{ end_reason: 'refresh_reuse' }]);
    await succeedRefresh(bystander.refresh_token);
  });

  it('does not end it within the grace: a slow tab, a repeated request', async () => {
    const { refresh_token } = await signUp(product.api.url);
    const second = await succeedRefresh(refresh_token);
    await succeedRefresh(second);
    expect(await succeedRefresh(refresh_token)).toBe(second);
  });

  it('takes no token that was changed in any place, and tells nothing by it', async () => {
    const { refresh_token } = await signUp(product.api.url);
    for (const at of [0, 4, 20, 40, 60, refresh_token.length - 1]) {
      const changed =
        refresh_token.slice(0, at) + (refresh_token[at] === 'A' ? 'B' : 'A') + refresh_token.slice(at + 1);
      expect((await refresh(product.api, changed)).status).toBe(401);
    }
    await succeedRefresh(refresh_token);
  });

  it('that races the end of its session loses, whoever was first', async () => {
    for (let round = 0; round < 4; round++) {
      const person = await signUp(product.api.url);
      const racing = Array.from({ length: 12 }, (_, i) => refresh(api(i), person.refresh_token));
      const ended = succeed<{ revoked: number }>(`${api(round).url}/api/v1/auth/logout`, {
        body: { refresh_token: person.refresh_token },
      });
      const answers = await Promise.all(racing);
      expect(await ended).toEqual({ revoked: 1 });
      // Whoever got tokens before the end holds nothing after it.
      const given = answers.filter((one) => one.status === 200).map((one) => one.body.refresh_token);
      for (const token of [person.refresh_token, ...new Set(given)])
        expect((await refresh(product.api, token)).status).toBe(401);
    }
  });

  it('goes on while the pepper is replaced', async () => {
    const person = await signUp(product.api.url);
    const old = product.env.AUTH_REFRESH_PEPPER!;
    const young = generateSecrets().AUTH_REFRESH_PEPPER!;
    const renewed = await product.startApi({ AUTH_REFRESH_PEPPER: `2:${young},1:${old}` });
    const first = await refresh(renewed, person.refresh_token);
    expect(first.status).toBe(200);
    // The successor of an old token is the same one as before.
    expect((await refresh(renewed, person.refresh_token)).body.refresh_token).toBe(first.body.refresh_token);
    expect((await refresh(renewed, first.body.refresh_token)).status).toBe(200);
    await renewed.stop();
  });
});
