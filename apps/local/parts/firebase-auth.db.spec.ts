import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFirebaseAuth } from './firebase-auth.js';
import type { FirebaseAuth } from './firebase-auth.js';

const account = { email: 'ada@example.com', password: 'correct horse', returnSecureToken: true };

async function call(
  firebase: FirebaseAuth,
  verb: string,
): Promise<{ status: number; body: { idToken?: string } }> {
  const answer = await fetch(`${firebase.url}/identitytoolkit.googleapis.com/v1/accounts:${verb}?key=any`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  return { status: answer.status, body: (await answer.json()) as { idToken?: string } };
}

it('signs people up, in the project of the clone, and knows them after a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firebase-'));
  const first = await startFirebaseAuth({ directory });
  expect(first.url).toBe(`http://${first.host}`);
  const { status, body } = await call(first, 'signUp');
  expect(status).toBe(200);
  const claims = JSON.parse(Buffer.from(body.idToken!.split('.')[1]!, 'base64url').toString()) as {
    aud: string;
  };
  expect(claims.aud).toBe(first.projectId);
  await first.stop();
  expect(await first.ended).toBe('exited with code 0');

  const second = await startFirebaseAuth({ directory });
  expect((await call(second, 'signInWithPassword')).status).toBe(200);
  await second.stop();
});

describe('the page that stands in for a provider', () => {
  let firebase: FirebaseAuth;
  beforeAll(async () => {
    firebase = await startFirebaseAuth({
      directory: mkdtempSync(join(tmpdir(), 'firebase-')),
      durable: false,
    });
  });
  afterAll(() => firebase.stop());

  const ask = async (verb: string, body: object) => {
    const answer = await fetch(`${firebase.url}/identitytoolkit.googleapis.com/v1/accounts:${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': 'any' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };

  it('is where createAuthUri leads, and what comes back is what signInWithIdp takes', async () => {
    const continueUri = 'http://127.0.0.1:3000/login/back';
    const { body: visit } = await ask('createAuthUri', { providerId: 'github.com', continueUri });
    const page = await (await fetch(visit.authUri!)).text();
    expect(page).toContain('GitHub, as far as this machine goes');
    expect(page).not.toContain('<script');

    const back = await fetch(visit.authUri!, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ email: 'ada@example.com', name: 'Ada', verified: 'on' }),
    });
    const requestUri = back.headers.get('location') ?? '';
    expect(requestUri.startsWith(continueUri)).toBe(true);
    const { body } = await ask('signInWithIdp', {
      requestUri,
      sessionId: visit.sessionId,
      returnSecureToken: true,
    });
    expect(body).toMatchObject({ providerId: 'github.com', email: 'ada@example.com', emailVerified: true });
    expect(body.idToken).toBeDefined();
  });

  it('turns people back who cancel, and sends nobody away for a request without an address', async () => {
    const { body } = await ask('createAuthUri', {
      providerId: 'google.com',
      continueUri: 'http://127.0.0.1:1/login/back',
    });
    const back = await fetch(body.authUri!, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ cancel: '' }),
    });
    expect(back.headers.get('location')).toBe('http://127.0.0.1:1/login/back?error=access_denied');
    expect((await ask('createAuthUri', { providerId: 'google.com' })).status).toBe(400);
  });
});
