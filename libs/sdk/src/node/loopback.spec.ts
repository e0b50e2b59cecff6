import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type Loopback, openLoopback } from './loopback.js';

const EXPECTED = { state: 'state-1', issuer: 'https://licences.example' };
const RIGHT = { state: 'state-1', iss: 'https://licences.example', code: 'code-1' };

let loopback: Loopback;
beforeEach(async () => {
  loopback = await openLoopback(0, EXPECTED);
});
afterEach(() => loopback.close());

interface Got {
  status: number | undefined;
  body: string;
  headers: Record<string, string | string[] | undefined>;
}

function get(path: string, more: { method?: string; headers?: Record<string, string> } = {}): Promise<Got> {
  const { port } = new URL(loopback.redirectUri);
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ...more }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode, body, headers: answer.headers }));
    });
    asked.on('error', reject);
    asked.end();
  });
}
const callback = (answer: Record<string, string>) => `/callback?${new URLSearchParams(answer).toString()}`;
const isWaiting = async () =>
  (await Promise.race([loopback.answer, Promise.resolve('waiting')])) === 'waiting';

describe('the loopback server that a browser comes back to (C40)', () => {
  it('takes the code, and tells the person what comes next in a page that leads nowhere', async () => {
    expect(loopback.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const { status, body, headers } = await get(callback(RIGHT));
    expect(await loopback.answer).toEqual({ code: 'code-1' });
    expect([status, headers['location'], headers['connection']]).toEqual([200, undefined, 'close']);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("default-src 'none'") as unknown,
    });
    expect(body).toContain('Go back to your program');
    expect(body).not.toMatch(/code-1|state-1|<a |<script|http-equiv/);
  });

  it('takes a refusal, too', async () => {
    const { body } = await get(callback({ state: RIGHT.state, iss: RIGHT.iss, error: 'access_denied' }));
    expect(await loopback.answer).toEqual({ error: 'access_denied' });
    expect(body).toContain('Nobody was signed in');
  });

  it('takes one answer', async () => {
    await get(callback(RIGHT));
    expect((await get(callback({ ...RIGHT, code: 'code-2' }))).status).toBe(410);
    expect(await loopback.answer).toEqual({ code: 'code-1' });
  });

  it.each([
    ['another state', 400, callback({ ...RIGHT, state: 'state-2' })],
    ['no state', 400, callback({ iss: RIGHT.iss, code: 'code-1' })],
    ['two states', 400, `${callback(RIGHT)}&state=state-2`],
    ['another issuer', 400, callback({ ...RIGHT, iss: 'https://eve.example' })],
    ['no issuer', 400, callback({ state: RIGHT.state, code: 'code-1' })],
    ['no code', 400, callback({ state: RIGHT.state, iss: RIGHT.iss })],
    ['a code and an error', 400, callback({ ...RIGHT, error: 'access_denied' })],
    [
      'an error that is no word',
      400,
      callback({ state: RIGHT.state, iss: RIGHT.iss, error: 'a b\u001b[2J' }),
    ],
    ['another path', 404, callback(RIGHT).replace('/callback', '/')],
    ['a path below', 404, callback(RIGHT).replace('/callback', '/callback/x')],
    ['a whole address', 404, `http://127.0.0.1${callback(RIGHT)}`],
    ['far too much', 414, `${callback(RIGHT)}&more=${'x'.repeat(8_000)}`],
    ['more than a server reads', 431, `${callback(RIGHT)}&more=${'x'.repeat(40_000)}`],
  ])('takes nothing of %s, and goes on waiting', async (_, status, path) => {
    expect((await get(path)).status).toBe(status);
    expect(await isWaiting()).toBe(true);
    expect((await get(callback(RIGHT))).status).toBe(200);
  });

  it.each(['POST', 'HEAD', 'OPTIONS', 'PUT'])('takes no %s', async (method) => {
    expect((await get(callback(RIGHT), { method })).status).toBe(405);
    expect(await isWaiting()).toBe(true);
  });

  it.each(['evil.example', 'localhost', '127.0.0.1', '127.0.0.1:1'])(
    'answers to no other name: %s',
    async (host) => {
      expect((await get(callback(RIGHT), { headers: { host } })).status).toBe(421);
      expect(await isWaiting()).toBe(true);
    },
  );

  it('is there for the browser while others hold connections and say nothing', async () => {
    const { port } = new URL(loopback.redirectUri);
    const idle = Array.from({ length: 8 }, () => connect(Number(port), '127.0.0.1'));
    await Promise.all(idle.map((one) => once(one, 'connect')));
    idle[0]!.write('GET /callback?state=');
    const ended = idle.map((one) => once(one.resume(), 'close'));
    idle.forEach((one) => one.on('error', () => undefined));
    expect((await get(callback(RIGHT))).status).toBe(200);
    loopback.close();
    await Promise.all(ended);
  });

  it('is gone once it is closed', async () => {
    loopback.close();
    await expect(get(callback(RIGHT))).rejects.toThrow(/ECONNREFUSED/);
  });

  it('takes the port that it is given, and another one where that is somebody’s', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const second = await openLoopback(port, EXPECTED);
    expect(new URL(second.redirectUri).port).not.toBe(String(port));
    second.close();
    other.close();
    await once(other, 'close');
    const third = await openLoopback(port, EXPECTED);
    expect(new URL(third.redirectUri).port).toBe(String(port));
    third.close();
  });
});
