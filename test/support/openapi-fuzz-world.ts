import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { newId, type OpenApiDocument } from '#platform';
import { eventually } from './eventually.js';
import { type Operation, operationsOf } from './openapi-fuzz-schema.js';
import type { Genuine } from './openapi-fuzz-tokens.js';
import { type AuditBody, type RegisteredBody, type SeatBody, signUp, succeed } from './person.js';
import { type Product, startProduct } from './product.js';
import { serviceAccountsOf } from './service-accounts.js';

/** Two tenants on a running API: one whose member sends hostile input, one whose data nobody else may see. */
export interface World {
  origin: URL;
  document: OpenApiDocument;
  operations: Operation[];
  attacker: Tenant;
  victim: Tenant;
  genuine: Genuine;
  /** Words that only the victim may read: their name, address, ids, keys. */
  forbidden: string[];
  /** The victim's ids, which the attacker has got hold of. */
  foreignIds: string[];
  /** A line for each table and tenant, and for each seat pool, which changes when anything in it does. */
  digest(tenantId?: string): Promise<string[]>;
  close(): Promise<void>;
}

export interface Tenant {
  tenantId: string;
  userId: string;
  accessToken: string;
  refreshToken: string;
  /** The upstream issuer's. */
  idToken: string;
  licenseId: string;
  licenseKey: string;
  seat: string;
  serviceAccountId: string;
  apiKey: string;
  /** A role of the tenant's own, which goes by its name. */
  role: string;
}

/** Ids of ours: a prefix and 26 characters. */
const ID = /\b[a-z]{2,6}_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g;

export async function hostileWorld(): Promise<World> {
  const product = await startProduct();
  const origin = new URL(product.api.url);
  const marker = `zebra${randomBytes(6).toString('hex')}`;
  const attacker = await settle(product, `mallory-${randomBytes(6).toString('hex')}`);
  const victim = await settle(product, marker);
  await haveBeenHeardOf(origin, [attacker, victim]);
  // From here on nothing moves by itself: what changes, hostile input has changed.
  await product.worker.stop();

  const document = await succeed<OpenApiDocument>(`${origin.origin}/api/v1/openapi.json`);
  const operations = operationsOf(document);
  const foreignIds = await harvest(product, victim, attacker);
  const signingKey = createPrivateKey({
    key: Buffer.from(product.env.AUTH_SIGNING_KEY!, 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    origin,
    document,
    operations,
    attacker,
    victim,
    foreignIds,
    forbidden: [
      marker,
      victim.licenseKey,
      victim.accessToken,
      victim.refreshToken,
      victim.seat,
      victim.apiKey,
      ...foreignIds,
    ],
    genuine: {
      accessToken: attacker.accessToken,
      otherTokens: [attacker.refreshToken, attacker.seat, attacker.licenseKey],
      signingKey,
      publicKey: createPublicKey(signingKey),
      victim,
    },
    digest: (tenantId) => digestOf(product, tenantId),
    close: () => product.stop(),
  };
}

/** Somebody with a tenant, and one in it of everything that has an id. */
async function settle(product: Product, name: string): Promise<Tenant> {
  const origin = new URL(product.api.url);
  const made = await signUp(origin.origin, { email: `${name}@example.com`, organization: `${name} Works` });
  const held = await succeed<SeatBody>(`${origin.origin}/api/v1/licenses/acquire`, {
    bearer: made.access_token,
    body: { hardware_id: `desk of ${name}` },
  });
  const accounts = serviceAccountsOf(origin.origin, made.access_token);
  const account = await accounts.create(['licenses:read'], { name });
  const { key } = await accounts.createKey(account.id, { name });
  await product.admin('license', 'change-plan', made.license.id, '--plan', 'TEAM', '--reason', 'a test');
  // With what the plan gives.
  const now = await succeed<RegisteredBody>(`${origin.origin}/api/v1/auth/refresh`, {
    body: { refresh_token: made.refresh_token },
  });
  const bearer = now.access_token;
  await succeed(`${origin.origin}/api/v1/tenant/roles`, {
    bearer,
    body: { name: `${name}-desk`, scopes: ['licenses:read'] },
  });
  await invited(product, made.tenant.id, made.user.id, name);
  await succeed(`${origin.origin}/api/v1/tenant/exports`, { method: 'POST', bearer });
  return {
    tenantId: made.tenant.id,
    userId: made.user.id,
    accessToken: bearer,
    refreshToken: now.refresh_token,
    role: `${name}-desk`,
    idToken: made.idToken,
    licenseId: made.license.id,
    licenseKey: made.license.key!,
    seat: held.session_id,
    serviceAccountId: account.id,
    apiKey: key,
  };
}

/** Everything that the worker does about them has been done when the last of it is in the trail. */
async function haveBeenHeardOf(origin: URL, tenants: readonly Tenant[]): Promise<void> {
  for (const { accessToken } of tenants) {
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${origin.origin}/api/v1/audit`, { bearer: accessToken });
      return ['TENANT_REGISTERED', 'SEAT_ACQUIRED', 'API_KEY_CREATED', 'EXPORT_MADE'].every((action) =>
        data.some((one) => one.action === action),
      );
    });
  }
}

/** Somebody is invited: what an invitation is, no mail that anybody gets. */
const invited = (product: Product, tenantId: string, userId: string, name: string) =>
  product.query(
    `insert into tenancy.invitations (tenant_id, id, email, role, invited_by, generation, status, created_at, expires_at)
     values ($1, $2, $3, 'member', $4, 1, 'pending', now(), now() + interval '7 days')`,
    [tenantId, newId('inv'), `guest-of-${name}@example.com`, userId],
  );

/** Every id in the victim's rows, in whatever table, but those that are in the attacker's rows, too. */
async function harvest(product: Product, victim: Tenant, attacker: Tenant): Promise<string[]> {
  const tables = [
    ...(await product.query<{ name: string; scoped: boolean; personal: boolean }>(TABLES)),
    { name: 'identity.user_login_events', scoped: false, personal: true },
  ];
  const idsOf = async ({ tenantId, userId }: Tenant) => {
    const ids = new Set<string>();
    for (const { name, scoped, personal } of tables) {
      if (!scoped && !personal) continue;
      const rows = await product.query<{ row: string }>(
        `select t::text as row from ${name} t where ${scoped ? 'tenant_id' : 'user_id'} = $1`,
        [scoped ? tenantId : userId],
      );
      for (const { row } of rows) for (const id of row.match(ID) ?? []) ids.add(id);
    }
    return ids;
  };
  const common = await idsOf(attacker);
  const theirs = [...(await idsOf(victim))].filter((id) => !common.has(id));
  return [...theirs, ...(await placesOf(new URL(product.api.url), victim)), victim.role];
}

/** Their seat and its device, as the list of a licence's seats names them. */
async function placesOf(origin: URL, { accessToken: bearer, licenseId }: Tenant): Promise<string[]> {
  const { data } = await succeed<{ data: { id: string; device: string }[] }>(
    `${origin.origin}/api/v1/licenses/${licenseId}/seats`,
    { bearer },
  );
  return data.flatMap(({ id, device }) => [id, device]);
}

/** Looks at all that the product keeps, bound by no policy. */
async function digestOf(product: Product, tenantId?: string): Promise<string[]> {
  const tables = await product.query<{ name: string; scoped: boolean }>(TABLES);
  const lines: string[] = [];
  for (const { name, scoped } of tables.filter((table) => table.scoped || !tenantId)) {
    const tenant = scoped ? 'tenant_id::text' : `'nobody'`;
    const rows = await product.query<{ tenant: string; rows: string; hash: string }>(
      `select ${tenant} as tenant, count(*) as rows, md5(string_agg(md5(t::text), '' order by md5(t::text))) as hash
       from ${name} t where $1::text is null or ${tenant} = $1 group by 1 order by 1`,
      [tenantId ?? null],
    );
    lines.push(...rows.map((row) => `${name} of ${row.tenant}: ${row.rows} rows, ${row.hash}`));
  }
  return tenantId ? lines : [...lines, ...(await digestOfSeats(product.redisClient()))];
}

async function digestOfSeats(redis: Redis): Promise<string[]> {
  const keys = (await redis.keys('seats:*')).sort();
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return keys.map((key, at) => `${key}: ${createHash('sha256').update(dumps[at]!).digest('hex')}`);
}

/** All but the record of attempts to sign in: that there was one is what it tells (S2-64). */
const TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name,
         exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as scoped,
         exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id') as personal
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and c.oid <> 'identity.user_login_events'::regclass
  order by 1`;
