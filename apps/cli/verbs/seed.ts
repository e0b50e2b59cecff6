import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Command } from 'commander';
import { generateSync } from 'otplib';
import { operator } from '#admin';
import { ChangeUserStatus, FirebaseConfig, LockAccount, ManageTotp } from '#identity';
import { MakePerson, type PersonToMake, Register } from '#onboarding';
import { Actor, loadConfig, readEnvironment, RuntimeConfig } from '#platform';
import { withProduct } from '../operator-context.js';
import { Refused } from '../refused.js';
import { say } from '../say.js';

/** Whoever signs in by Google, each with an organisation of their own. */
const SOCIAL = [
  { email: 'ada@acme.example', name: 'Ada Lovelace', organization: 'Acme Tools' },
  { email: 'grace@globex.example', name: 'Grace Hopper', organization: 'Globex' },
];

/** Of everybody who has one. Known to all, so the seed refuses production. */
const PASSWORD = 'velvet otter marches nine';
/** As long as an account waits at most; say `seed` again for another. */
const LOCKED_SECONDS = 86_400;
/** For how long an authenticator shows a code. */
const STEP_MS = 30_000;

type Kind = 'verified' | 'unverified' | 'second factor' | 'suspended' | 'locked' | 'two organisations';

/** Whoever signs in by password, one of each kind. */
const BY_PASSWORD: readonly { kind: Kind; email: string; name: string }[] = [
  { kind: 'verified', email: 'vera@seed.example', name: 'Vera Verified' },
  { kind: 'unverified', email: 'uma@seed.example', name: 'Uma Unverified' },
  { kind: 'second factor', email: 'tom@seed.example', name: 'Tom Totp' },
  { kind: 'suspended', email: 'sam@seed.example', name: 'Sam Suspended' },
  { kind: 'locked', email: 'lou@seed.example', name: 'Lou Locked' },
  { kind: 'two organisations', email: 'toni@seed.example', name: 'Toni Two' },
];

export const seedVerb = () =>
  new Command('seed')
    .description('Make people of every kind to try things with; repeatable. Only with the Auth emulator.')
    .action(async () => {
      const emulator = emulatorHost();
      await withProduct(async (product) => {
        const tenants: string[] = [];
        for (const person of SOCIAL) tenants.push(await bySocial(product, emulator, person));
        say(`By password, which is "${PASSWORD}":`);
        for (const person of BY_PASSWORD) await byPassword(product, person, tenants[0]!);
      });
    });

function emulatorHost(): string {
  const values = loadConfig([RuntimeConfig, FirebaseConfig], readEnvironment());
  const { env } = values.of(RuntimeConfig);
  if (env !== 'local' && env !== 'test')
    throw new Refused(`seed makes people whose password everybody knows; it is refused with ENV=${env}.`);
  const { emulatorHost: host } = values.of(FirebaseConfig);
  if (!host)
    throw new Refused(
      'seed signs people in through the Auth emulator; FIREBASE_AUTH_EMULATOR_HOST is not set.',
    );
  return host;
}

const originOfSeed = () => ({ traceId: randomBytes(16).toString('hex'), address: null });
const seeding = () => operator('seed', 'People to try things with.');

async function bySocial(
  product: INestApplicationContext,
  emulator: string,
  person: (typeof SOCIAL)[number],
): Promise<string> {
  const idToken = await signInWithGoogle(emulator, person);
  const made = await product
    .get(Register, { strict: false })
    .execute(Actor.anonymous(originOfSeed()), idToken, { organizationName: person.organization });
  say(`${person.email} ${made.tenant.slug} ${made.tenant.id} ${made.licenseKey ?? '(was there already)'}`);
  return made.tenant.id;
}

async function byPassword(
  product: INestApplicationContext,
  { kind, email, name }: (typeof BY_PASSWORD)[number],
  otherTenantId: string,
): Promise<void> {
  const make = (place: PersonToMake['place']) =>
    product.get(MakePerson, { strict: false }).execute(seeding(), {
      email,
      displayName: name,
      emailVerified: kind !== 'unverified',
      password: { clear: PASSWORD },
      place,
    });
  const made = await make({ organizationName: `${name.split(' ')[0]}’s` });
  if (kind === 'locked')
    await product.get(LockAccount, { strict: false }).execute(seeding(), { email, seconds: LOCKED_SECONDS });
  if (!made) return say(`${email} ${kind} (was there already)`);
  const { userId, tenantId, licenseKey } = made;
  say(`${email} ${kind} ${userId} ${tenantId} ${licenseKey ?? ''}`);
  if (kind === 'suspended')
    await product
      .get(ChangeUserStatus, { strict: false })
      .execute(seeding(), { userId, status: 'suspended' });
  if (kind === 'two organisations')
    await product
      .get(MakePerson, { strict: false })
      .join(seeding(), { userId, tenantId: otherTenantId, role: 'member' });
  if (kind === 'second factor') await enrol(product, userId, tenantId);
}

/** Its owner would: who has just signed in may. */
async function enrol(product: INestApplicationContext, id: string, tenantId: string): Promise<void> {
  const actor = new Actor({ type: 'user', id, tenantId, authTime: new Date(), origin: originOfSeed() });
  const totp = product.get(ManageTotp, { strict: false });
  const { secret, otpauthUri } = await totp.enroll(actor, {});
  // The step before this one, so that the code that an authenticator shows now is not used up. It counts until this one
  // ends, so in its last seconds the next is waited for; a timer may be a moment early.
  const leftMs = STEP_MS - (Date.now() % STEP_MS);
  if (leftMs < 2_000) await pause(leftMs + 50);
  const code = generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) - 30 });
  const { backupCodes } = await totp.confirm(actor, { code });
  say(`  secret ${secret}`);
  say(`  ${otpauthUri}`);
  say(`  backup codes ${backupCodes.join(' ')}`);
}

/** The emulator takes an unsigned Google token and makes the account. */
async function signInWithGoogle(host: string, person: { email: string; name: string }): Promise<string> {
  const google = { sub: person.email, email: person.email, email_verified: true, name: person.name };
  const response = await fetch(
    `http://${host}/identitytoolkit.googleapis.com/v1/accounts:signInWithIdp?key=local`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        postBody: `id_token=${encodeURIComponent(JSON.stringify(google))}&providerId=google.com`,
        requestUri: 'http://localhost',
        returnSecureToken: true,
        returnIdpCredential: true,
      }),
    },
  );
  const { idToken } = (await response.json()) as { idToken?: string };
  if (!idToken) throw new Error(`The Auth emulator at ${host} answered ${response.status}.`);
  return idToken;
}
