import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { newId, type OpenApiDocument } from '#platform';
import { eventually } from './eventually.js';
import { joins } from './memberships.js';
import { digestOf, type Whose } from './openapi-fuzz-digest.js';
import { harvest } from './openapi-fuzz-harvest.js';
import { type Operation, operationsOf } from './openapi-fuzz-schema.js';
import type { Genuine } from './openapi-fuzz-tokens.js';
import { type AuditBody, type RegisteredBody, type SeatBody, signUp, succeed } from './person.js';
import { startAtItsAddress } from './pages.js';
import type { Product } from './product.js';
import { serviceAccountsOf } from './service-accounts.js';
import { settled } from './tenant-life.js';

/** Two tenants on a running API: one whose member sends hostile input, one whose data nobody else may see. */
export interface World {
  product: Product;
  origin: URL;
  document: OpenApiDocument;
  operations: Operation[];
  attacker: Tenant;
  victim: Tenant;
  genuine: Genuine;
  /** Words that only the victim may read: their name, address, ids, keys. */
  forbidden: string[];
  /** The victim's ids, one of each kind, which the attacker has got hold of. */
  foreignIds: string[];
  /** The same of the attacker's own. */
  ownIds: string[];
  /** A line for each table and tenant, and for each seat pool, which changes when anything in it does. */
  digest(whose?: Whose): Promise<string[]>;
  close(): Promise<void>;
}

export interface Tenant {
  tenantId: string;
  slug: string;
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
  /** The membership of somebody who owns nothing. */
  colleagueId: string;
}

export async function hostileWorld(): Promise<World> {
  const product = await startAtItsAddress();
  const origin = new URL(product.api.url);
  const marker = `zebra${randomBytes(6).toString('hex')}`;
  const attacker = await settle(product, `mallory-${randomBytes(6).toString('hex')}`);
  const victim = await settle(product, marker);
  await haveBeenHeardOf(origin, [attacker, victim]);
  for (const { tenantId } of [attacker, victim]) await settled(product, tenantId);
  // From here on nothing moves by itself: what changes, hostile input has changed.
  await product.worker.stop();

  const document = await succeed<OpenApiDocument>(`${origin.origin}/api/v1/openapi.json`);
  const operations = operationsOf(document);
  const theirs = await harvest(product, victim, attacker);
  const own = await harvest(product, attacker, victim);
  const signingKey = createPrivateKey({
    key: Buffer.from(product.env.AUTH_SIGNING_KEY!, 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    product,
    origin,
    document,
    operations,
    attacker,
    victim,
    foreignIds: theirs.oneOfEach,
    ownIds: own.oneOfEach,
    forbidden: [
      marker,
      victim.licenseKey,
      victim.accessToken,
      victim.refreshToken,
      victim.seat,
      victim.apiKey,
      ...theirs.all,
    ],
    genuine: {
      accessToken: attacker.accessToken,
      otherTokens: [attacker.refreshToken, attacker.seat, attacker.licenseKey],
      signingKey,
      publicKey: createPublicKey(signingKey),
      victim,
    },
    digest: (whose) => digestOf(product, whose),
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
  const colleagueId = await joins(product, await signUp(origin.origin), made);
  await invited(product, made.tenant.id, made.user.id, name);
  await succeed(`${origin.origin}/api/v1/tenant/exports`, { method: 'POST', bearer });
  return {
    tenantId: made.tenant.id,
    slug: made.tenant.slug,
    userId: made.user.id,
    accessToken: bearer,
    refreshToken: now.refresh_token,
    role: `${name}-desk`,
    colleagueId,
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
