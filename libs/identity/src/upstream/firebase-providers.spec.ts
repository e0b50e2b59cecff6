import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { DomainError } from '#platform';
import { FirebaseConfig } from '../identity.config.js';
import { FirebaseProviders } from './firebase-providers.js';

/** What stood in the last call, and what the next is answered. */
let server: Server;
let asked: { url?: string; key?: unknown; body?: unknown };
let answer: { status: number; body: string };

beforeAll(async () => {
  server = createServer((request, response) => {
    void json(request).then((body) => {
      asked = { url: request.url, key: request.headers['x-goog-api-key'], body };
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

const config = (given: Partial<FirebaseConfig> = {}): FirebaseConfig =>
  Object.assign(Object.create(FirebaseConfig.prototype) as FirebaseConfig, {
    projectId: 'demo-gatehouse',
    providers: ['google.com'],
    apiKey: 'the-key',
    emulatorHost: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...given,
  });
const providers = () => new FirebaseProviders(config());
const says = (status: number, body: object | string) => {
  answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
};
const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof DomainError ? error.code : String(error)),
  );

describe('Firebase’s REST API for signing in at providers', () => {
  it('asks where to go, with the key in a header', async () => {
    says(200, { authUri: 'https://accounts.google.com/o/oauth2/auth?x=1', sessionId: 'session' });
    const visit = await providers().begin('google.com', 'https://gatehouse.example/login/back', 'ours');
    expect(visit).toEqual({ url: 'https://accounts.google.com/o/oauth2/auth?x=1', sessionId: 'session' });
    expect(asked).toEqual({
      url: '/identitytoolkit.googleapis.com/v1/accounts:createAuthUri',
      key: 'the-key',
      body: {
        providerId: 'google.com',
        continueUri: 'https://gatehouse.example/login/back',
        context: 'ours',
      },
    });
  });

  it('gives back what came back', async () => {
    says(200, { idToken: 'token', context: 'ours', email: 'ada@example.com' });
    const uri = 'https://gatehouse.example/login/back?state=x&code=y';
    expect(await providers().finish(uri, 'session', 'ours')).toBe('token');
    expect(asked).toMatchObject({
      url: '/identitytoolkit.googleapis.com/v1/accounts:signInWithIdp',
      body: { requestUri: uri, sessionId: 'session', returnSecureToken: true },
    });
  });

  it.each([
    ['a code that was used', 400, { error: { message: 'INVALID_IDP_RESPONSE' } }, 'UNAUTHENTICATED'],
    ['the return of another visit', 200, { idToken: 'token', context: 'theirs' }, 'UNAUTHENTICATED'],
    ['no ID token', 200, {}, 'UNAUTHENTICATED'],
    ['an address of another provider’s', 200, { needConfirmation: true }, 'OTHER_PROVIDER_REQUIRED'],
    ['a fault of its own', 500, {}, 'UPSTREAM_UNAVAILABLE'],
    ['too much asked of it', 429, {}, 'UPSTREAM_UNAVAILABLE'],
    ['what is no JSON', 200, '<html>', 'UPSTREAM_UNAVAILABLE'],
  ])('refuses for %s', async (_, status, body, code) => {
    says(status, body);
    expect(await refusal(providers().finish('https://gatehouse.example/login/back', 's', 'ours'))).toBe(code);
  });

  it('takes a return without its context from the emulator only', async () => {
    says(200, { idToken: 'token' });
    const uri = 'https://gatehouse.example/login/back?state=x&code=y';
    expect(await providers().finish(uri, 'session', 'ours')).toBe('token');
    const { emulatorHost } = config();
    const real = globalThis.fetch;
    globalThis.fetch = (input, init) =>
      real(String(input).replace('https://identitytoolkit.googleapis.com', `http://${emulatorHost}`), init);
    try {
      const live = new FirebaseProviders(config({ emulatorHost: undefined }));
      expect(await refusal(live.finish(uri, 'session', 'ours'))).toBe('UNAUTHENTICATED');
      says(200, { idToken: 'token', context: 'ours' });
      expect(await live.finish(uri, 'session', 'ours')).toBe('token');
    } finally {
      globalThis.fetch = real;
    }
  });

  it('tells the log the name of a fault, and nothing of what stands behind it', async () => {
    says(400, { error: { message: 'INVALID_IDP_RESPONSE : The ID token eyJhbGciOi.eyJzdWIi is stale.' } });
    const error = await providers()
      .finish('https://gatehouse.example/login/back', 's', 'ours')
      .catch((thrown: unknown) => thrown);
    const told = inspect(error, { depth: 5 });
    expect(told).toContain('INVALID_IDP_RESPONSE');
    expect(told).not.toContain('eyJ');
  });

  it.each([
    ['a provider that the project does not have', 400, { error: { message: 'OPERATION_NOT_ALLOWED' } }],
    ['an address to go to that is none', 200, { authUri: 'javascript:alert(1)', sessionId: 's' }],
  ])('sends nobody away for %s', async (_, status, body) => {
    says(status, body);
    expect(await refusal(providers().begin('google.com', 'https://x.example/', 'c'))).toBe(
      'UPSTREAM_UNAVAILABLE',
    );
  });

  it('offers nobody without a key, and asks no more of the emulator than that it is there', () => {
    expect(new FirebaseProviders(config({ apiKey: undefined, emulatorHost: undefined })).providers).toEqual(
      [],
    );
    expect(new FirebaseProviders(config({ projectId: undefined })).providers).toEqual([]);
    expect(new FirebaseProviders(config({ apiKey: undefined })).providers).toEqual(['google.com']);
  });
});
