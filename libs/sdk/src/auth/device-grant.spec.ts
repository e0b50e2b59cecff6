import { ReauthenticationRequired } from '../api/api-error.js';
import { failure } from '../testing/failure.js';
import { json, refusal } from '../testing/scripted-server.js';
import { ScriptedTabs } from '../testing/scripted-tabs.js';
import type { ShownCode } from './device-grant.js';

const CODE = {
  device_code: 'dev_1',
  user_code: 'BCDF-GHJK',
  verification_uri: 'https://licences.example/device',
  verification_uri_complete: 'https://licences.example/device?user_code=BCDF-GHJK',
  expires_in: 600,
  interval: 5,
};
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const PENDING = () => json(400, { error: 'authorization_pending' });

let tabs: ScriptedTabs;
beforeEach(() => {
  tabs = new ScriptedTabs();
  tabs.auth.server.answer('POST /oauth/device_authorization', () => json(200, CODE));
  say(PENDING);
});
const { any } = expect;

/** What the server says when it is asked for tokens. */
const say = (how: () => Response) => tabs.auth.server.answer('POST /oauth/token', how);
/** Real tokens, as a sign-in makes them. */
async function agree(): Promise<void> {
  const answer = await tabs.auth.fetch('https://x/api/v1/auth/login', { method: 'POST', body: '{}' });
  const tokens = (await answer.json()) as object;
  say(() => json(200, tokens));
}
const asked = () => tabs.auth.server.calls('/oauth/token').length;

/** Begins to sign in; the code that was shown, and what comes of it. */
function begin(more: object = {}) {
  const { client, names } = tabs.start();
  const shown: ShownCode[] = [];
  const signedIn = client.signInWithDevice({ onCode: (code) => void shown.push(code), ...more });
  signedIn.catch(() => undefined);
  return { client, names, shown, signedIn };
}

describe('a sign-in by a code on another device (RFC 8628)', () => {
  it('shows where to go, asks by the interval, and signs in who agreed', async () => {
    const { client, names, shown, signedIn } = begin({ deviceName: 'build server' });
    await tabs.time.pass(4_000);
    expect(shown).toEqual([
      {
        userCode: 'BCDF-GHJK',
        verificationUri: CODE.verification_uri,
        verificationUriComplete: CODE.verification_uri_complete,
        expiresInSeconds: 600,
      },
    ]);
    expect(asked()).toBe(0);
    await tabs.time.pass(6_000);
    expect(asked()).toBe(2);
    await agree();
    await tabs.time.pass(5_000);
    expect((await signedIn).user.id).toBe('usr_1');
    expect(names()).toEqual(['signed-in']);
    expect(await client.token()).toBe('access-1');
    expect(tabs.auth.server.calls('/oauth/device_authorization')[0]?.body).toEqual({
      client_id: 'gatehouse-cli',
      device_name: 'build server',
    });
    expect(tabs.auth.server.calls('/oauth/token')[0]?.body).toEqual({
      ...{ client_id: 'gatehouse-cli', grant_type: GRANT, device_code: 'dev_1' },
    });
    expect(tabs.time.pending).toBe(0);
  });

  it('asks less often when it is told to', async () => {
    begin();
    say(() => json(400, { error: 'slow_down' }));
    await tabs.time.pass(5_000);
    say(PENDING);
    await tabs.time.pass(9_000);
    expect(asked()).toBe(1);
    await tabs.time.pass(11_000);
    expect(asked()).toBe(3);
  });

  it('goes on while nobody answers, less and less often, and signs in when the server is back', async () => {
    const { signedIn } = begin();
    await tabs.time.pass(0);
    const back = tabs.auth.server.goAway();
    await tabs.time.pass(120_000);
    expect(asked()).toBeLessThan(6);
    back();
    say(() => refusal(503, 'UNAVAILABLE'));
    await tabs.time.pass(60_000);
    await agree();
    await tabs.time.pass(70_000);
    expect((await signedIn).user.id).toBe('usr_1');
  });

  it('waits as long as a busy server says', async () => {
    begin();
    say(() => refusal(429, 'RATE_LIMITED', undefined, { 'retry-after': '30' }));
    await tabs.time.pass(34_000);
    expect(asked()).toBe(1);
    await tabs.time.pass(2_000);
    expect(asked()).toBe(2);
  });

  it.each([
    ['access_denied', () => json(400, { error: 'access_denied' })],
    ['expired_token', () => json(400, { error: 'expired_token' })],
    ['invalid_grant', () => json(400, { error: 'invalid_grant', error_description: 'Used before.' })],
    ['BAD_ANSWER', () => json(200, { token_type: 'Bearer' })],
  ])('ends with %s, and keeps nothing', async (code, answer) => {
    const { client, names, signedIn } = begin();
    if (code !== 'BAD_ANSWER') {
      say(answer);
      await tabs.time.pass(5_000);
      expect(await failure(signedIn)).toMatchObject({ code });
    } else {
      // What is no answer of ours is asked for again, until the code has run out.
      say(answer);
      await tabs.time.pass(600_000);
      expect(await failure(signedIn)).toMatchObject({ code: 'expired_token' });
    }
    expect(names()).toEqual([]);
    expect(await client.user()).toBeNull();
    expect(tabs.time.pending).toBe(0);
  });

  it('ends when the code has run out, and when it is called off', async () => {
    const late = begin();
    await tabs.time.pass(600_000);
    expect(await failure(late.signedIn)).toMatchObject({ code: 'expired_token', message: any(String) });
    const stop = new AbortController();
    const { signedIn } = begin({ signal: stop.signal });
    await tabs.time.pass(12_000);
    const before = asked();
    stop.abort();
    expect(await failure(signedIn)).toMatchObject({ code: 'ABORTED', kind: 'unanswered' });
    await tabs.time.pass(60_000);
    expect(asked()).toBe(before);
  });

  it('takes the place of who was signed in here, and ends their session', async () => {
    const { client } = await tabs.signedIn();
    const signedIn = client.signInWithDevice({ onCode: () => undefined });
    await tabs.time.pass(0);
    await agree();
    await tabs.time.pass(5_000);
    await signedIn;
    expect(tabs.auth.loggedOut).toEqual(['refresh-1-1']);
    expect((await client.me()).user.id).toBe('usr_1');
  });

  it('ends the session when nobody says whose it is', async () => {
    const { signedIn } = begin();
    await tabs.time.pass(0);
    await agree();
    tabs.auth.server.answer('GET /auth/me', () => refusal(403, 'TENANT_SUSPENDED'));
    await tabs.time.pass(5_000);
    const error = await failure(signedIn);
    expect([error.code, error instanceof ReauthenticationRequired]).toEqual(['TENANT_SUSPENDED', false]);
    expect(tabs.auth.loggedOut).toEqual(['refresh-1-1']);
  });

  it.each([
    ['a code that would speak to the terminal', { user_code: 'BCDF\u001b[2J' }],
    ['a page that is none', { verification_uri: 'javascript:alert(1)' }],
  ])('takes no %s', async (_, more) => {
    tabs.auth.server.answer('POST /oauth/device_authorization', () => json(200, { ...CODE, ...more }));
    expect(await failure(begin().signedIn)).toMatchObject({ code: 'BAD_ANSWER' });
  });
});
