import { createHash } from 'node:crypto';
import { systemTime } from '../client/platform.js';
import { failure } from '../testing/failure.js';
import { ADA, ScriptedAuth } from '../testing/scripted-auth.js';
import { type Body, json } from '../testing/scripted-server.js';
import { AuthClient } from './auth-client.js';
import type { BrowserSignIn } from './browser-sign-in.js';

const url = 'https://licences.example';

let auth: ScriptedAuth;
let exchanged: Body[];
beforeEach(() => {
  auth = new ScriptedAuth(systemTime);
  exchanged = [];
  auth.server.answer('GET /.well-known/oauth-authorization-server', () =>
    json(200, { issuer: url, authorization_endpoint: `${url}/oauth/authorize` }),
  );
  auth.server.answer('POST /oauth/token', async ({ body }) => {
    exchanged.push(body);
    if (body['code'] !== 'code-1') return json(400, { error: 'invalid_grant' });
    return auth.fetch(`${url}/api/v1/auth/login`, { method: 'POST', body: '{}' });
  });
});

/** Opens the page and agrees: the browser comes back with this, beside the state that it was given. */
const agreeing = (answer: Record<string, string> = { code: 'code-1' }) => {
  const asked: URL[] = [];
  const open = async (page: string) => {
    const { searchParams } = asked[asked.push(new URL(page)) - 1]!;
    const back = new URL(searchParams.get('redirect_uri')!);
    const said = { state: searchParams.get('state')!, iss: url, ...answer };
    back.search = new URLSearchParams(said).toString();
    // As a browser does, after the program has gone on to wait.
    setImmediate(() => void fetch(back));
  };
  return { asked, open };
};
const start = () => new AuthClient({ url, directory: null, fetch: auth.fetch });
const signIn = (input: BrowserSignIn, client = start()) => client.signInWithBrowser({ port: 0, ...input });

describe('a sign-in in a browser of this machine (S1-56, C40)', () => {
  it('sends the browser away with a challenge, and shows the verifier with the code', async () => {
    const { asked, open } = agreeing();
    const client = start();
    expect((await signIn({ open, deviceName: 'laptop' }, client)).user.id).toBe('usr_1');
    expect(await client.token()).toBe('access-1');
    const sent = Object.fromEntries(asked[0]!.searchParams);
    const [body] = exchanged;
    expect(asked[0]!.href.startsWith(`${url}/oauth/authorize?`)).toBe(true);
    expect(sent).toEqual({
      response_type: 'code',
      client_id: 'gatehouse-cli',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/) as unknown,
      state: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      code_challenge: createHash('sha256').update(String(body?.['code_verifier'])).digest('base64url'),
      code_challenge_method: 'S256',
      device_name: 'laptop',
    });
    expect(body).toEqual({
      grant_type: 'authorization_code',
      client_id: 'gatehouse-cli',
      code: 'code-1',
      redirect_uri: sent['redirect_uri'],
      code_verifier: expect.stringMatching(/^[\w-]{43}$/) as unknown,
    });
  });

  it('waits at 8787 unless another port was said', async () => {
    const { asked, open } = agreeing();
    const ports = () => asked.map((one) => new URL(one.searchParams.get('redirect_uri')!).port);
    // Another program of this machine may be signing in there just now.
    for (let turn = 0; turn < 50 && !ports().includes('8787'); turn++)
      await signIn({ open, port: undefined });
    expect(ports()).toContain('8787');
  });

  it('says nothing of its own twice', async () => {
    const { asked, open } = agreeing();
    for (const _ of [1, 2]) await signIn({ open });
    const [one, two] = asked.map((page) => page.searchParams);
    for (const name of ['state', 'code_challenge']) expect(one!.get(name)).not.toBe(two!.get(name));
  });

  it.each([
    ['access_denied', { error: 'access_denied' }],
    ['server_error', { error: 'server_error' }],
    ['invalid_grant', { code: 'code-2' }],
  ])('ends with %s, and keeps nothing', async (code, answer) => {
    const client = start();
    expect(await failure(signIn({ open: agreeing(answer).open }, client))).toMatchObject({ code });
    expect(await client.user()).toBeNull();
  });

  it('waits on when another issuer, or nobody’s state, comes back, and ends after its time', async () => {
    const wrong: Record<string, string>[] = [{ iss: 'https://eve.example' }, { state: 'x' }];
    for (const more of wrong) {
      const { open } = agreeing({ code: 'code-1', ...more });
      expect((await failure(signIn({ open, timeoutMs: 200 }))).code).toBe('TIMED_OUT');
    }
    expect(exchanged).toEqual([]);
  });

  it('is called off, and listens no more', async () => {
    const stop = new AbortController();
    let back = '';
    const open = (page: string) => {
      back = new URL(page).searchParams.get('redirect_uri')!;
      stop.abort();
    };
    expect((await failure(signIn({ open, signal: stop.signal }))).code).toBe('ABORTED');
    await expect(fetch(back)).rejects.toThrow('fetch failed');
  });

  it('ends with what was wrong where the page cannot be shown', async () => {
    const open = () => Promise.reject(new Error('No screen.'));
    await expect(signIn({ open })).rejects.toThrow('No screen.');
  });

  it('sends nobody to a page over bare HTTP on another machine', async () => {
    auth.server.answer('GET /.well-known/oauth-authorization-server', () =>
      json(200, { issuer: url, authorization_endpoint: 'http://licences.example/oauth/authorize' }),
    );
    await expect(signIn({ open: agreeing().open })).rejects.toThrow(/in the clear/);
  });

  it('takes the place of who was signed in here, and ends their session', async () => {
    const client = start();
    await client.signIn(ADA);
    await signIn({ open: agreeing().open }, client);
    expect(auth.loggedOut).toEqual(['refresh-1-1']);
    expect((await client.me()).user.id).toBe('usr_1');
  });
});
