import type { INestApplicationContext, Type } from '@nestjs/common';
import pg from 'pg';
import { Actor, Db, generateSecrets, ManualClock, newId } from '#platform';
import { LicensingModule } from '#licensing';
import { TenancyModule } from '#tenancy';
import { ApiKey } from '../domain/api-key.js';
import { AuthSession } from '../domain/auth-session.js';
import { ServiceAccount } from '../domain/service-account.js';
import { AccountLimits, AccountsConfig } from '../accounts/accounts.config.js';
import { Budgets } from '../accounts/budgets.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { ServiceCredentials } from '../persistence/service-credentials.js';
import { SessionEnds } from '../persistence/session-ends.js';
import { TokenEpochChanges } from '../persistence/token-epoch-changes.js';
import { TokenEpochs } from '../persistence/token-epochs.js';
import { UserDirectory } from '../persistence/user-directory.js';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { Makers } from '../service-accounts/makers.js';
import { MintApiKey } from '../service-accounts/mint-api-key.js';
import { ServiceAccountsConfig } from '../service-accounts/service-accounts.config.js';
import { Standings } from '../service-accounts/service-standing.js';
import { EndedSessions } from '../sessions/ended-sessions.js';
import { SessionActivity } from '../sessions/session-activity.js';
import { SessionNews } from '../sessions/session-news.js';
import { SessionRoom } from '../sessions/session-room.js';
import { MemberEpochs, ServiceEpochs } from '../tokens/epochs.js';
import { ChangeServiceAccount } from '../use-cases/change-service-account.js';
import { CreateServiceAccount } from '../use-cases/create-service-account.js';
import { EndPersonSessions } from '../use-cases/end-person-sessions.js';
import { ManageApiKeys } from '../use-cases/manage-api-keys.js';
import { OutdateTokens } from '../use-cases/outdate-tokens.js';
import { PutOutMember } from '../use-cases/put-out-member.js';
import { ReadPeople } from '../use-cases/read-people.js';
import { application } from '../../../../test/support/application.js';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';

const ROOMS = {
  concerns: [ServiceAccountsConfig, AccountsConfig],
  entities: [ServiceAccount, ApiKey],
  imports: [TenancyModule, LicensingModule],
  providers: [
    ...[ServiceAccounts, ServiceCredentials, Standings, ServiceEpochs, ApiKeys, Makers, MintApiKey],
    ...[AuthSessions, SessionEnds, TokenEpochs, TokenEpochChanges, MemberEpochs, EndedSessions],
    ...[SessionActivity, SessionNews, OutdateTokens, PutOutMember, UserDirectory, ReadPeople],
    ...[AccountLimits, Budgets, SessionRoom, EndPersonSessions],
    ...[ManageApiKeys, CreateServiceAccount, ChangeServiceAccount],
  ],
};
const SECRETS = [
  ...['SECRETS_KEY', 'LICENSE_LOOKUP_KEY', 'HARDWARE_KEY', 'SEAT_KEYS', 'AUTH_API_KEY_PEPPER'],
  'AUTH_ADDRESS_KEY',
];

/** What other rooms have to do with it, as whoever may ask them for it gives it: a file of tests. */
export interface Elsewhere {
  concerns: Parameters<typeof application>[0]['concerns'];
  entities: Parameters<typeof application>[0]['entities'];
  registerTenant: Type<{ execute(input: { name: string; ownerUserId: string }): Promise<unknown> }>;
}

/** Members, their sessions and the credentials they make, without the product's processes. */
export interface MembersWorld {
  app: INestApplicationContext;
  db: Db;
  /** The database's owner, whom no policy binds. */
  owner: pg.Pool;
  clock: ManualClock;
  /** Somebody in a tenant of their own. */
  founder(): Promise<Actor>;
  /** Somebody else with a role in their tenant, by their id. */
  joins(founder: Actor, role: string): Promise<Actor>;
  /** A session of somebody's that lives; its id. */
  session(of: Actor): Promise<string>;
}

/** Starts with the file of tests that asks for it. It is empty until then, so only tests and hooks may look into it. */
export function membersWorld({ registerTenant, ...elsewhere }: Elsewhere): MembersWorld {
  const clock = new ManualClock(new Date('2026-11-22T12:00:00Z'));
  const world = { clock } as MembersWorld;
  let database: TestDatabase;
  let redis: TestRedis;

  beforeAll(async () => {
    [database, redis] = await Promise.all([testDatabase(), testRedis()]);
    const secrets = generateSecrets();
    const variables = {
      ...{ ENV: 'test', REDIS_URL: redis.url },
      ...{ DATABASE_URL: database.url, DATABASE_SYSTEM_URL: database.systemUrl },
      ...Object.fromEntries(SECRETS.map((name) => [name, secrets[name] ?? ''])),
    };
    const rooms = {
      ...ROOMS,
      concerns: [...ROOMS.concerns, ...elsewhere.concerns],
      entities: [...ROOMS.entities, ...elsewhere.entities],
    };
    const app = await application(rooms, variables, clock);
    const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
    Object.assign(world, { app, db: app.get(Db), owner });
  }, 60_000);
  afterAll(async () => {
    await world.owner?.end();
    await world.app?.close();
    await Promise.all([database?.drop(), redis?.drop()]);
  }, 60_000);

  return Object.assign(world, {
    founder: async () => {
      const actor = Actor.anonymous({ traceId: 'f'.repeat(32), address: null }).as({
        ...{ type: 'user', id: newId('usr'), tenantId: newId('ten') },
      });
      const register = world.app.get(registerTenant, { strict: false });
      await world.db.transaction(actor, () =>
        register.execute({ name: 'Acme', ownerUserId: actor.id ?? '' }),
      );
      return actor;
    },
    joins: async (founder: Actor, role: string) => {
      const somebody = founder.as({ id: newId('usr'), emailVerified: true });
      await world.owner.query(
        `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, $4, now())`,
        [somebody.tenantId, newId('mem'), somebody.id, role],
      );
      return somebody;
    },
    session: async (of: Actor) => {
      const { tenantId, id: userId } = of as Actor & { tenantId: string; id: string };
      const how = { provider: 'password', amr: ['pwd'] };
      const one = AuthSession.start({ tenantId, userId, ...how, ...of.origin }, clock.now());
      await world.db.transaction(of, () => world.app.get(AuthSessions).insert(one));
      return one.id;
    },
  });
}
