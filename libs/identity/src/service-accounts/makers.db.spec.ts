import { generateKeyPairSync } from 'node:crypto';
import type { Actor } from '#platform';
import { LicensingConfig, LICENSING_ENTITIES } from '#licensing';
import { RegisterTenant, TENANCY_ENTITIES } from '#tenancy';
import { membersWorld } from '../testing/members-world.js';
import { ChangeServiceAccount } from '../use-cases/change-service-account.js';
import { CreateServiceAccount } from '../use-cases/create-service-account.js';
import { ManageApiKeys } from '../use-cases/manage-api-keys.js';
import { PutOutMember } from '../use-cases/put-out-member.js';
import { JwksInput } from './public-keys.js';

const SCOPES = ['licenses:read'];
const TOKEN = ['service_accounts:manage', ...SCOPES];

const world = membersWorld({
  concerns: [LicensingConfig],
  entities: [...TENANCY_ENTITIES, ...LICENSING_ENTITIES],
  registerTenant: RegisterTenant,
});
const newKey = () =>
  JwksInput.parse({
    keys: [generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })],
  }).keys[0]!;

/** An organisation, a service account of its founder's, and an admin whose token says so. */
async function company() {
  const ada = (await world.founder()).as({ scopes: TOKEN, emailVerified: true });
  const bob = (await world.joins(ada, 'admin')).as({ scopes: TOKEN });
  const { id } = await world.app
    .get(CreateServiceAccount)
    .execute(ada, { name: 'Robot', scopes: SCOPES, jwks: { keys: [newKey()] } });
  return { ada, bob, id };
}

/** Every way in which somebody makes what opens a door. */
const waysOf = (by: Actor, id: string) => {
  const [keys, change] = [world.app.get(ManageApiKeys), world.app.get(ChangeServiceAccount)];
  const create = () => keys.create(by, id, { name: 'Mine', scopes: SCOPES });
  return {
    create,
    rotate: async () => {
      const { key } = await create();
      await keys.rotate(by, { serviceAccountId: id, keyId: key.id }, { overlapSeconds: 60 });
    },
    account: () =>
      world.app
        .get(CreateServiceAccount)
        .execute(by, { name: 'Other', scopes: SCOPES, jwks: { keys: [newKey()] } }),
    publicKey: () => change.execute(by, id, { jwks: { keys: [newKey()] } }),
    enable: () => change.enable(by, id),
  };
};

/** What is there of somebody's that opens a door. */
async function credentialsOf({ id }: Actor) {
  const { rows } = await world.owner.query<{ id: string }>(
    `select id from identity.service_account_tokens where created_by_id = $1 and revoked_at is null
     union all select id from identity.service_accounts where jwks @> $2::jsonb`,
    [id, JSON.stringify([{ registeredBy: id }])],
  );
  return rows.map((row) => row.id);
}

/** As tenancy does it, and identity with it. */
const put = {
  out: ({ tenantId, id }: Actor) =>
    world.db.query('delete from tenancy.memberships where tenant_id = $1 and user_id = $2', [tenantId, id]),
  down: ({ tenantId, id }: Actor) =>
    world.db.query(`update tenancy.memberships set role = 'viewer' where tenant_id = $1 and user_id = $2`, [
      ...[tenantId, id],
    ]),
};

describe('who makes credentials for programs', () => {
  it.each([
    ['put out', 'out', 'UNAUTHENTICATED'],
    ['given a lesser role', 'down', 'MISSING_SCOPE'],
  ] as const)('and is %s at this moment, makes none that stays, in no way', async (_, how, refusal) => {
    const { ada, bob, id } = await company();
    const ways = Object.values(waysOf(bob, id));
    for (const make of ways) await make();
    expect((await credentialsOf(bob)).length).toBeGreaterThan(3);

    const tries = Array.from({ length: 3 }, () => ways.map((make) => make())).flat();
    const putOut = world.app.get(PutOutMember);
    const done = world.db.transaction(ada, async () => {
      await put[how](bob);
      const userId = bob.id ?? '';
      return how === 'out' ? putOut.begin(userId) : putOut.changeRole(userId, { keepKeys: false });
    });
    const more = Array.from({ length: 3 }, () => ways.map((make) => make())).flat();
    await Promise.allSettled([...tries, ...more]);
    putOut.finish(await done);

    expect(await credentialsOf(bob)).toEqual([]);
    // The token says still what it said; what counts is what its owner is.
    for (const make of ways) await expect(make()).rejects.toMatchObject({ code: refusal });
    expect(await credentialsOf(bob)).toEqual([]);
  });

  it('gives no more than they have by now, whatever the token says', async () => {
    const { bob, id } = await company();
    await world.owner.query(`update tenancy.memberships set role = 'viewer' where user_id = $1`, [bob.id]);
    for (const make of Object.values(waysOf(bob, id)))
      await expect(make()).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
  });
});

describe('a public key of a service account', () => {
  it('ends with the membership of who gave it, and the tokens it got; those of others stay', async () => {
    const { ada, bob, id } = await company();
    const change = world.app.get(ChangeServiceAccount);
    const read = async () => {
      const { rows } = await world.owner.query<{ jwks: { kid: string }[]; epoch: number }>(
        'select jwks, epoch from identity.service_accounts where id = $1',
        [id],
      );
      return { kids: rows[0]?.jwks.map((key) => key.kid), epoch: rows[0]?.epoch };
    };
    const [hers, his] = [newKey(), newKey()];
    await change.execute(ada, id, { jwks: { keys: [hers] } });
    await change.execute(bob, id, { jwks: { keys: [hers, his] } });
    // Who gives it again with others has not brought it.
    await change.execute(ada, id, { jwks: { keys: [his, hers] } });
    const before = await read();
    expect(before.kids).toEqual([his.kid, hers.kid]);

    const putOut = world.app.get(PutOutMember);
    const { accounts } = await world.db.transaction(ada, () => putOut.begin(bob.id ?? ''));
    expect(accounts.map((one) => one.id)).toEqual([id]);
    expect(await read()).toEqual({ kids: [hers.kid], epoch: (before.epoch ?? 0) + 1 });
    const { rows } = await world.owner.query<{ kids: string[] }>(
      `select payload -> 'kids' as kids from platform.outbox
       where tenant_id = $1 and name = 'identity.service_account.changed' order by id desc limit 1`,
      [ada.tenantId],
    );
    expect(rows).toEqual([{ kids: [hers.kid] }]);
  });
});
