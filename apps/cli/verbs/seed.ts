import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { Actor, loadConfig, readEnvironment, RuntimeConfig } from '#platform';
import { FirebaseConfig } from '#identity';
import { Register } from '#onboarding';
import { withProduct } from '../operator-context.js';
import { say } from '../say.js';

/** People to try things with, each with an organisation of their own. */
const PEOPLE = [
  { email: 'ada@acme.example', name: 'Ada Lovelace', organization: 'Acme Tools' },
  { email: 'grace@globex.example', name: 'Grace Hopper', organization: 'Globex' },
];

export const seedVerb = () =>
  new Command('seed')
    .description('Make people and organisations to try things with; repeatable. Only with the Auth emulator.')
    .action(async () => {
      const emulator = emulatorHost();
      await withProduct(async (product) => {
        const register = product.get(Register, { strict: false });
        for (const person of PEOPLE) {
          const actor = Actor.anonymous({ traceId: randomBytes(16).toString('hex'), address: null });
          const idToken = await signInWithGoogle(emulator, person);
          const made = await register.execute(actor, idToken, { organizationName: person.organization });
          say(
            `${person.email} ${made.tenant.slug} ${made.tenant.id} ${made.licenseKey ?? '(was there already)'}`,
          );
        }
      });
    });

function emulatorHost(): string {
  const values = loadConfig([RuntimeConfig, FirebaseConfig], readEnvironment());
  const { emulatorHost: host } = values.of(FirebaseConfig);
  if (!host)
    throw new Error(
      'seed signs people in through the Auth emulator; FIREBASE_AUTH_EMULATOR_HOST is not set.',
    );
  return host;
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
