import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { part } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { changeAccount, claimsIn, customClaimsOf, deleteAccount } from '../support/firebase.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import {
  newEmail,
  type RegisteredBody,
  signInAt,
  signInWithGoogle,
  signUp,
  succeed,
} from '../support/person.js';
import { teamOf } from '../support/team.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const BECAUSE = ['--reason', 'a test'];

const product = journeyProduct({
  EVENTS_RETRY_MS: '50',
  EVENTS_RETRY_MAX_MS: '200',
  EVENTS_MAX_ATTEMPTS: '1000',
});

const team = teamOf(product);
const told = (idToken: string, claims: object) =>
  eventually(async () => expect(await customClaimsOf(idToken)).toEqual(claims));
const changePlan = (made: RegisteredBody, plan: string) =>
  product.admin('license', 'change-plan', made.license.id, '--plan', plan, ...BECAUSE);

/** What an owner's tokens say on the free plan. */
const free = (made: RegisteredBody) => ({
  email_verified: true,
  tenant_id: made.tenant.id,
  role: 'owner',
  tier: 'FREE',
  scopes: expect.arrayContaining(['licenses:manage', 'commands:execute']),
  max_seats: 1,
  license_key: made.license.key,
});

const TEAM = { tier: 'TEAM', scopes: expect.arrayContaining(['collaboration:use']) };

/** Events that were given up, and such as still wait. */
async function unsettled(): Promise<number> {
  const rows = await product.query<{ n: number }>(
    `select count(*)::int as n from platform.inbox
     where subscription = 'identity.write-custom-claims' and (done_at is null or dead_at is not null)`,
  );
  return rows[0]?.n ?? -1;
}

describe('the claims in the tokens of Firebase (S1-03)', () => {
  it('say tenant, plan, role and seats after a sign-up, in the words of our own tokens, and follow plan and overrides', async () => {
    const email = newEmail();
    await changeAccount(await signInWithGoogle(email), { customAttributes: '{"beta":true}' });
    const made = await signUp(product.api.url, { email });
    await told(made.idToken, { beta: true, ...free(made) });

    await changePlan(made, 'TEAM');
    await told(made.idToken, {
      beta: true,
      ...free(made),
      ...TEAM,
      max_seats: 5,
    });
    // Seats that differ from the plan's: for the whole tenant, and above that for the licence.
    const seats = (max_seats: number) => ({ beta: true, ...free(made), ...TEAM, max_seats });
    await product.admin('tenant', 'terms', made.tenant.id, '--set', 'seats=7', ...BECAUSE);
    await told(made.idToken, seats(7));
    await product.admin('license', 'override', made.license.id, '--set', 'seats=9', ...BECAUSE);
    await told(made.idToken, seats(9));
    // What a program reads without a call: the next ID token, and our own access token, say the same.
    const idToken = await signInWithGoogle(email);
    const login = await succeed<RegisteredBody>(`${product.v1}/auth/login`, {
      method: 'POST',
      bearer: idToken,
    });
    const ours = claimsIn(login.access_token);
    const { tenant_id, tier, license_key, role, scopes, max_seats, email_verified } = claimsIn(idToken);
    expect({ tenant_id, tier, license_key, role, scopes, max_seats, email_verified }).toEqual({
      tenant_id: ours.tenant_id,
      tier: 'TEAM',
      license_key: ours.license_key,
      role: 'owner',
      scopes: ours.scopes,
      max_seats: 9,
      email_verified: true,
    });
  });

  it('follow what no event tells with the next refresh: an override that has run out', async () => {
    const made = await signUp(product.api.url);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const override = ['license', 'override', made.license.id, '--set', 'seats=4', '--expires', tomorrow];
    await product.admin(...override, ...BECAUSE);
    await told(made.idToken, { ...free(made), max_seats: 4 });
    // Tomorrow has come.
    await product.query(
      `update licensing.licenses
         set overrides = jsonb_set(overrides, '{0,expiresAt}', to_jsonb(now() - interval '1 second')) where id = $1`,
      [made.license.id],
    );
    await succeed(`${product.v1}/auth/refresh`, { body: { refresh_token: made.refresh_token } });
    await told(made.idToken, free(made));
  });

  it('go by the oldest licence that has not ended: a revoked one left its plan to the next', async () => {
    const made = await signUp(product.api.url);
    await changePlan(made, 'ENTERPRISE');
    await told(made.idToken, expect.objectContaining({ tier: 'ENTERPRISE', max_seats: null }));
    await product.admin('license', 'revoke', made.license.id, ...BECAUSE);
    await told(made.idToken, expect.objectContaining({ tier: 'FREE', max_seats: 1 }));
    const issued = await product.admin(
      ...['license', 'issue', '--tenant', made.tenant.id, '--plan', 'PRO'],
      ...BECAUSE,
    );
    const [, key] = issued.trim().split(' ');
    await told(made.idToken, { ...free(made), tier: 'PRO', license_key: key });
    const tenant = await succeed<{ plan: string }>(`${product.v1}/tenant`, { bearer: made.access_token });
    expect(tenant.plan).toBe('PRO');
  });

  it('follow another role at once, and are gone with the organisation', async () => {
    const made = await signUp(product.api.url);
    await told(made.idToken, free(made));
    const heir = await team.member(made, 'viewer');
    await team.ask(made, '/tenant/transfer', {
      method: 'POST',
      body: { membership_id: heir.id, role: 'viewer' },
    });
    const { scopes: _, ...others } = free(made);
    await told(made.idToken, { ...others, role: 'viewer', scopes: ['licenses:read', 'tenant:read'] });

    const { access_token } = await team.refreshed(heir);
    await team.ask({ access_token }, '/tenant', { method: 'DELETE', body: { slug: made.tenant.slug } });
    await product.query('update tenancy.tenants set deletes_at = now() where tenant_id = $1', [
      made.tenant.id,
    ]);
    await eventually(async () => expect(await customClaimsOf(made.idToken)).toEqual({}), {
      withinMs: 90_000,
    });
  });

  it('are in every account that a person signs in by, and gone with the way in, the tenant and the person, also while those are suspended', async () => {
    const made = await signUp(product.api.url);
    const github = await signInAt('github.com', { sub: newEmail(), email: newEmail(), verified: true });
    const linked = await succeed<{ identity: { id: string } }>(`${product.v1}/auth/identities`, {
      bearer: made.access_token,
      body: { id_token: github },
    });
    await told(made.idToken, free(made));
    await told(github, free(made));
    await product.admin('tenant', 'suspend', made.tenant.id, ...BECAUSE);
    for (const idToken of [made.idToken, github]) await told(idToken, {});
    await product.admin('tenant', 'reactivate', made.tenant.id, ...BECAUSE);
    for (const idToken of [made.idToken, github]) await told(idToken, free(made));

    await product.admin('users', 'suspend', made.user.id, ...BECAUSE);
    for (const idToken of [made.idToken, github]) await told(idToken, {});
    await product.admin('users', 'reactivate', made.user.id, ...BECAUSE);
    for (const idToken of [made.idToken, github]) await told(idToken, free(made));
    const bearer = (
      await succeed<RegisteredBody>(`${product.v1}/auth/login`, { method: 'POST', bearer: made.idToken })
    ).access_token;

    await succeed(`${product.v1}/auth/identities/${linked.identity.id}`, {
      method: 'DELETE',
      bearer,
      body: {},
    });
    await told(github, {});
    await told(made.idToken, free(made));
    await succeed(`${product.v1}/auth/me`, {
      method: 'DELETE',
      bearer,
      body: { email: made.user.email },
    });
    await told(made.idToken, {});
  });

  it('follow the address that is proved by our own mail, and whoever an account belongs to now', async () => {
    const email = newEmail();
    const github = await signInAt('github.com', { sub: newEmail(), email, verified: false });
    const early = await succeed<RegisteredBody>(`${product.v1}/auth/register`, {
      bearer: github,
      body: { organization_name: 'Early' },
    });
    await told(github, { ...free(early), email_verified: false });
    // The same account at Firebase, taken over by whom Google vouches for.
    const owner = await signUp(product.api.url, { email });
    expect(claimsIn(owner.idToken).user_id).toBe(claimsIn(github).user_id);
    await told(owner.idToken, free(owner));
    await changePlan(early, 'PRO');
    await eventually(async () => expect(await unsettled()).toBe(0));
    expect(await customClaimsOf(owner.idToken)).toEqual(free(owner));

    const other = newEmail();
    const unproved = await signInAt('microsoft.com', { sub: newEmail(), email: other, verified: false });
    const late = await succeed<RegisteredBody>(`${product.v1}/auth/register`, {
      bearer: unproved,
      body: { organization_name: 'Late' },
    });
    await succeed(`${product.v1}/auth/email/verify`, {
      body: { token: tokenIn((await mailsTo(other))[0]) },
    });
    await told(unproved, free(late));
  });

  it('are let be where the account is gone, and for who signs in by password', async () => {
    const gone = await signUp(product.api.url);
    await told(gone.idToken, free(gone));
    await deleteAccount(gone.idToken);
    await changePlan(gone, 'TEAM');
    await succeed(`${product.v1}/auth/register`, {
      body: { email: newEmail(), password: 'velvet otter marches nine', organization_name: 'Acme' },
    });
    await eventually(async () => expect(await unsettled()).toBe(0));
  });

  it('are written when Firebase is back, as they are then; a write that comes late is put right', async () => {
    const made = await signUp(product.api.url);
    await told(made.idToken, free(made));
    await product.worker.stop();
    const between = new Between();
    product.worker = await product.startWorker({ FIREBASE_AUTH_EMULATOR_HOST: await between.open() });
    await changePlan(made, 'TEAM');
    await between.refused(3);
    expect(await customClaimsOf(made.idToken)).toMatchObject({ tier: 'FREE' });

    const late = between.holdNextWrite();
    await late.held;
    await product.query(`update tenancy.memberships set role = 'viewer' where user_id = $1`, [made.user.id]);
    await succeed(`${product.v1}/auth/login`, { method: 'POST', bearer: made.idToken });
    const now = expect.objectContaining({ tier: 'TEAM', max_seats: 5, role: 'viewer' });
    await told(made.idToken, now);
    const writes = between.writes;
    await late.release();
    // The one that was held has said that they own it, looked again, and written what holds.
    await eventually(() => expect(between.writes).toBe(writes + 2));
    await told(made.idToken, now);
    await eventually(async () => expect(await unsettled()).toBe(0));
    await product.worker.stop();
    await between.close();
  });

  it('have no licence key where the setting drops it', async () => {
    await product.startWorker({ AUTH_LICENSE_KEY_CLAIM: 'false' });
    const made = await signUp(product.api.url);
    const { license_key: _key, ...rest } = free(made);
    await told(made.idToken, rest);
  });

  it('count at /ready: an issuer that is configured has to answer', async () => {
    const ready = await succeed<{ checks: object }>(`${product.api.url}/ready`);
    expect(ready.checks).toMatchObject({ firebase: { status: 'up' }, auth0: { status: 'unconfigured' } });
  });
});

/** What stands between the worker and Firebase: it answers for it that it is away, or keeps one write back. */
class Between {
  /** Changes of accounts that Firebase was given. */
  writes = 0;
  private count = 0;
  private isAway = true;
  private hold?: { seen: () => void; go: Promise<void>; done: () => void };
  private readonly server: Server = createServer((request, response) => {
    void text(request).then((body) => this.pass(request, body, response));
  });

  async open(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async refused(times: number): Promise<void> {
    while (this.count < times) await once(this.server, 'refused');
  }

  /** From now on it is there; the next write waits for `release`, which resolves when Firebase has it. */
  holdNextWrite(): { held: Promise<void>; release: () => Promise<void> } {
    const [held, go, done] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    this.isAway = false;
    this.hold = { seen: held!.resolve, go: go!.promise, done: done!.resolve };
    const release = () => {
      go!.resolve();
      return done!.promise;
    };
    return { held: held!.promise, release };
  }

  private async pass({ url, headers }: IncomingMessage, body: string, response: ServerResponse) {
    if (this.isAway) {
      this.count += 1;
      response.writeHead(500, JSON_TYPE).end('{"error":{"message":"INTERNAL"}}');
      this.server.emit('refused');
      return;
    }
    const isWrite = url?.includes('accounts:update');
    const hold = isWrite ? this.hold : undefined;
    if (hold) this.hold = undefined;
    hold?.seen();
    await hold?.go;
    const answer = await fetch(part('FIREBASE_URL') + url, {
      method: 'POST',
      headers: { ...JSON_TYPE, authorization: headers.authorization ?? '' },
      body,
    });
    if (isWrite) this.writes += 1;
    response.writeHead(answer.status, JSON_TYPE).end(await answer.text());
    hold?.done();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
