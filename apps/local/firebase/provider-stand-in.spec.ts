import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { standInForProviders } from './provider-stand-in.js';

let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (!standInForProviders(() => origin, request, response)) response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const back = (uri: string, body = 'email=ada@example.com') =>
  fetch(`${origin}/sign-in-at/google.com?redirect_uri=${encodeURIComponent(uri)}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });

describe('the page that stands in for a provider', () => {
  it('lives on whatever address it is asked at', async () => {
    expect((await fetch(`${origin}/sign-in-at/%`)).status).toBe(400);
    expect((await fetch(`${origin}/sign-in-at/google.com`)).status).toBe(400);
  });

  it.each(['http://127.0.0.1:3000/login/back', 'http://[::1]:3000/login/back'])(
    'leads back to %s',
    async (uri) => {
      const answer = await back(uri);
      expect([answer.status, answer.headers.get('location')?.split('?')[0]]).toEqual([303, uri]);
    },
  );

  it.each([
    'https://evil.example/login/back',
    'http://127.0.0.1:3000/elsewhere',
    'http://127.0.0.1@evil.example/login/back',
    'http://ada@127.0.0.1:3000/login/back',
    'javascript:alert(1)',
    '',
  ])('leads nobody to %j', async (uri) => {
    const answer = await back(uri);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    const asked = await fetch(`${origin}/identitytoolkit.googleapis.com/v1/accounts:createAuthUri`, {
      method: 'POST',
      body: JSON.stringify({ providerId: 'google.com', continueUri: uri }),
    });
    expect(asked.status).toBe(400);
  });

  it('reads no more than a form has', async () => {
    await expect(back('http://127.0.0.1:3000/login/back', `email=${'a'.repeat(100_000)}`)).rejects.toThrow();
    expect((await back('http://127.0.0.1:3000/login/back')).status).toBe(303);
  });
});
