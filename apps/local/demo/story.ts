import { randomBytes, randomUUID } from 'node:crypto';
import type { Running } from './running.js';
import type { Stage } from './stage.js';
import { playStripe } from './stripe.js';
import { absent, containing } from './wanted.js';

interface SignedUp {
  tenant: { id: string };
  license: { id: string; key: string };
  access_token: string;
  refresh_token: string;
}

interface Mail {
  to: string[];
  subject: string;
  message_id: string;
  text: string;
}

interface Trail {
  data: { created_at: string; action: string; actor: { type: string } }[];
}

const MAIL_WITHIN_SECONDS = 15;
const TRAIL_WITHIN_MS = 10_000;

/** The main job, from a stranger with a Google account to the owner who reads what happened. */
export async function play(running: Running, stage: Stage): Promise<void> {
  const v1 = `${running.api.url}/api/v1`;
  const email = `ada-${randomBytes(4).toString('hex')}@acme.example`;

  stage.say(`Ada, ${email}, signs her organisation up.`);
  const idToken = await signInWithGoogle(stage, running, email, 'Ada');
  const ada = await register(stage, v1, idToken, 'Acme Tools');
  await stage.step(
    'Registering again with the same identity gives the same account, and not the key again',
    {
      method: 'POST',
      url: `${v1}/auth/register`,
      bearer: idToken,
      body: { organization_name: 'Acme Tools' },
    },
    { status: 200, body: { tenant: { id: ada.tenant.id }, license: { id: ada.license.id, key: absent } } },
  );
  await readMail(stage, running, email, ada.license.key);
  await comeBack(stage, v1, idToken, ada);
  await holdSeat(stage, v1, ada);
  await validate(stage, v1, ada.license.key);
  await playStripe(stage, v1, running.stripe.webhook_secret);
  await readTrail(stage, running, v1, ada);
}

async function signInWithGoogle(
  stage: Stage,
  running: Running,
  email: string,
  name: string,
): Promise<string> {
  const google = JSON.stringify({ sub: email, email, email_verified: true, name });
  const { idToken } = await stage.step<{ idToken: string }>(
    `${name} signs in with Google, at the Firebase emulator`,
    {
      method: 'POST',
      url: `${running.firebase_auth.url}/identitytoolkit.googleapis.com/v1/accounts:signInWithIdp?key=demo`,
      body: {
        postBody: `providerId=google.com&id_token=${google}`,
        requestUri: 'http://localhost',
        returnSecureToken: true,
      },
    },
    {
      status: 200,
      body: { email, idToken: /^eyJ/ },
      show: (body: { email: string; providerId: string; idToken: string }) =>
        `{ "email": "${body.email}", "providerId": "${body.providerId}", "idToken": "${body.idToken}", … }`,
    },
  );
  return idToken;
}

function register(stage: Stage, v1: string, bearer: string, organization: string): Promise<SignedUp> {
  return stage.step<SignedUp>(
    'One call, one transaction: account, tenant, membership, Free licence, session',
    { method: 'POST', url: `${v1}/auth/register`, bearer, body: { organization_name: organization } },
    {
      status: 201,
      body: {
        user: { id: /^usr_/, email_verified: true },
        tenant: { id: /^ten_/, name: organization, plan: 'FREE', max_seats: 1 },
        license: {
          id: /^lic_/,
          key: /^[A-Z0-9]+-FREE-[0-9A-F]{12}-[0-9A-F]{4}$/,
          tier: 'FREE',
          status: 'active',
        },
        token_type: 'Bearer',
        expires_in: 3600,
      },
    },
  );
}

async function readMail(stage: Stage, running: Running, email: string, key: string): Promise<void> {
  if (running.mail.url === null) {
    stage.say('The welcome mail went to the mail server of your own: look there.');
    return;
  }
  const query = `to=${encodeURIComponent(email)}&wait=${MAIL_WITHIN_SECONDS}&count=1`;
  await stage.step(
    'The worker has sent the welcome mail, with the key in it',
    { url: `${running.mail.url}/messages.json?${query}` },
    {
      status: 200,
      body: [{ to: [email], text: containing(key), message_id: /^<evt_\w+\.welcome@/ }],
      show: ([mail]: [Mail]) =>
        [
          `To: ${mail.to.join(', ')}`,
          `Subject: ${mail.subject}`,
          `Message-ID: ${mail.message_id}`,
          '',
          mail.text.trim(),
        ].join('\n'),
    },
  );
}

async function comeBack(stage: Stage, v1: string, idToken: string, ada: SignedUp): Promise<void> {
  stage.say('She comes back.');
  const { access_token: bearer } = await stage.step<SignedUp>(
    'Signing in again: another session of the same person',
    { method: 'POST', url: `${v1}/auth/login`, bearer: idToken },
    { status: 200, body: { tenant: { id: ada.tenant.id }, access_token: /^eyJ/, refresh_token: /^rft_/ } },
  );
  await stage.step(
    'Who am I?',
    { url: `${v1}/auth/me`, bearer },
    { status: 200, body: { tenant: { id: ada.tenant.id }, role: 'owner', plan: 'FREE' } },
  );
  await stage.step(
    'The refresh token gives the next pair',
    { method: 'POST', url: `${v1}/auth/refresh`, body: { refresh_token: ada.refresh_token } },
    { status: 200, body: { access_token: /^eyJ/, refresh_token: /^rft_/ } },
  );
}

async function holdSeat(stage: Stage, v1: string, ada: SignedUp): Promise<void> {
  stage.say('Her licensed program takes a seat.');
  const { access_token: bearer, license } = ada;
  const { session_id } = await stage.step<{ session_id: string }>(
    'The program on her laptop acquires a seat, with her token',
    { method: 'POST', url: `${v1}/licenses/acquire`, bearer, body: { hardware_id: 'laptop' } },
    {
      status: 200,
      body: { session_id: /^seat_/, seats: { used: 1, max: 1 }, license: { id: license.id, tier: 'FREE' } },
    },
  );
  await stage.step(
    'A second device asks, with the licence key alone: the one seat is taken',
    {
      method: 'POST',
      url: `${v1}/licenses/acquire`,
      body: { hardware_id: 'workstation', license_key: license.key },
    },
    {
      status: 409,
      body: { error: { code: 'SEATS_EXHAUSTED', details: { used: 1, max: 1, earliest_expiry: /Z$/ } } },
    },
  );
  await stage.step(
    'The laptop keeps its seat with a heartbeat; the session id is all it needs',
    { method: 'PUT', url: `${v1}/licenses/heartbeat`, body: { session_id } },
    { status: 200, body: { seats: { used: 1, max: 1 }, heartbeat_interval_seconds: 150 } },
  );
  await stage.step(
    'The laptop gives its seat back',
    { method: 'DELETE', url: `${v1}/licenses/release`, body: { session_id } },
    { status: 200, body: { released: true } },
  );
  await stage.step(
    'What was released is gone for good',
    { method: 'PUT', url: `${v1}/licenses/heartbeat`, body: { session_id } },
    { status: 410, body: { error: { code: 'SEAT_GONE' } } },
  );
}

async function validate(stage: Stage, v1: string, key: string): Promise<void> {
  stage.say('Is this key good?');
  const nonce = randomUUID();
  const url = `${v1}/licenses/validate`;
  await stage.step(
    'The key is; a verdict, and the caller’s nonce with it',
    { method: 'POST', url, body: { license_key: key, nonce } },
    { status: 200, body: { valid: true, code: 'VALID', nonce } },
  );
  await stage.step(
    'A mistyped one is not, and that is an answer, not an error',
    { method: 'POST', url, body: { license_key: `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}` } },
    { status: 200, body: { valid: false, code: 'NOT_FOUND' } },
  );
}

async function readTrail(stage: Stage, running: Running, v1: string, ada: SignedUp): Promise<void> {
  stage.say('What happened?');
  // The worker sends the mail while she comes back.
  const beforeThat = /^(SESSION_STARTED|MAIL_SENT)$/;
  // Newest first. Heartbeats and validations are not entries.
  const newestFirst = [
    'SEAT_RELEASED',
    'SEAT_REFUSED',
    'SEAT_ACQUIRED',
    'SESSION_REFRESHED',
    beforeThat,
    beforeThat,
    beforeThat,
    'SESSION_STARTED',
    'LICENSE_ISSUED',
  ];
  const inOneTransaction = { action: /^(MEMBERSHIP_CREATED|TENANT_REGISTERED|USER_REGISTERED)$/ };
  await stage.step(
    'The audit trail tells the owner',
    { url: `${v1}/audit`, bearer: ada.access_token },
    {
      status: 200,
      body: {
        data: [
          ...newestFirst.map((action) => ({ action })),
          inOneTransaction,
          inOneTransaction,
          inOneTransaction,
        ],
        next_cursor: null,
      },
      withinMs: TRAIL_WITHIN_MS,
      show: ({ data }: Trail) =>
        [
          '',
          ...data.map((entry) => `${entry.created_at}  ${entry.action.padEnd(19)} ${entry.actor.type}`),
        ].join('\n'),
    },
  );

  const email = `eve-${randomBytes(4).toString('hex')}@globex.example`;
  const stranger = await register(stage, v1, await signInWithGoogle(stage, running, email, 'Eve'), 'Globex');
  await stage.step(
    'Eve’s trail is her own',
    { url: `${v1}/audit?action=TENANT_REGISTERED`, bearer: stranger.access_token },
    { status: 200, body: { data: [{ tenant_id: stranger.tenant.id }] }, withinMs: TRAIL_WITHIN_MS },
  );
  await stage.step(
    'Ada’s licence is, for Eve, none at all',
    { url: `${v1}/licenses/${ada.license.id}`, bearer: stranger.access_token },
    { status: 404, body: { error: { code: 'NOT_FOUND' } } },
  );
}
