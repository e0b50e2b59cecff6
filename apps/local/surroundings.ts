import { join } from 'node:path';
import { FIREBASE_PROJECT, startFirebaseAuth } from './parts/firebase-auth.js';
import { startMail } from './parts/mail.js';
import type { Part } from './parts/part.js';
import { startPostgres } from './parts/postgres.js';
import { startRedis } from './parts/redis.js';
import { startStripe } from './parts/stripe.js';
import { stateDirectory } from './paths.js';
import type { RunningPart } from './runtime-file.js';
import type { Choices } from './settings.js';

export const logDirectory = join(stateDirectory, 'logs');

/** The settings that lead the product to a part; none for one that the caller brings. */
interface Leading {
  settings: Record<string, string>;
}

type Keep = <T extends Part>(part: T) => T;

const options = (name: string, log: string) => ({
  directory: join(stateDirectory, name),
  logFile: join(logDirectory, `${log}.log`),
});

/** Each start, in parallel with the others; `keep` is told of each part as soon as it runs, so it can be stopped. */
export function startSurroundings(choices: Choices, keep: Keep) {
  const brought = (url: string): RunningPart & { url: string } => ({ url, pid: null });
  return {
    postgres: choices.databaseAdminUrl
      ? Promise.resolve({ ...brought(choices.databaseAdminUrl), used: false })
      : startPostgres(options('postgres', 'postgres')).then(keep),
    redis: choices.redisUrl
      ? Promise.resolve(brought(choices.redisUrl))
      : startRedis(options('redis', 'redis')).then(keep),
    firebase: firebase(choices, keep),
    mail: mail(choices, keep),
  };
}

async function firebase(choices: Choices, keep: Keep): Promise<RunningPart & Leading> {
  if (choices.firebaseUrl) return { url: choices.firebaseUrl, pid: null, settings: {} };
  const part = keep(await startFirebaseAuth(options('firebase', 'firebase_auth')));
  return {
    url: part.url,
    pid: part.pid,
    settings: { FIREBASE_PROJECT_ID: FIREBASE_PROJECT, FIREBASE_AUTH_EMULATOR_HOST: part.host },
  };
}

async function mail(
  choices: Choices,
  keep: Keep,
): Promise<RunningPart & Leading & { smtp_url: string | null }> {
  if (choices.ownMail) return { url: null, pid: null, smtp_url: null, settings: {} };
  const part = keep(await startMail(options('mail', 'mail')));
  return {
    url: part.url,
    pid: part.pid,
    smtp_url: part.smtpUrl,
    settings: { MAIL_TRANSPORT: 'smtp', SMTP_URL: part.smtpUrl },
  };
}

/**
 * The local Stripe, unless the caller brings a key. It starts once the secrets are there: it accepts this clone's key
 * alone, and signs its webhooks, which go to `webhookUrl`, with the secret that the product checks them by. `place`: where
 * its log goes and what it knows.
 */
export async function stripe(
  choices: Choices,
  keep: Keep,
  caller: NodeJS.ProcessEnv,
  secrets: Promise<Record<string, string>>,
  webhookUrl: string,
  place = options('stripe', 'stripe'),
): Promise<RunningPart & Leading> {
  const { STRIPE_SECRET_KEY: key = '', STRIPE_WEBHOOK_SECRET: made = '' } = await secrets;
  if (choices.ownStripe) return { url: null, pid: null, settings: {} };
  const secret = caller.STRIPE_WEBHOOK_SECRET || made;
  const part = keep(
    await startStripe({
      ...place,
      apiKeys: [key],
      webhook: { url: webhookUrl, secret },
    }),
  );
  return {
    url: part.url,
    pid: part.pid,
    settings: {
      ENABLE_BILLING: caller.ENABLE_BILLING || 'true',
      STRIPE_API_URL: part.url,
      STRIPE_SECRET_KEY: key,
      STRIPE_WEBHOOK_SECRET: secret,
    },
  };
}
