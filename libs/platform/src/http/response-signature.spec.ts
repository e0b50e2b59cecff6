import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { Controller, Delete, Get, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { Clock, ManualClock } from '../clock/clock.js';
import { DomainError } from '../errors/domain-error.js';
import { createHttpApp } from './create-http-app.js';
import { Endpoint } from './endpoint.js';
import type { HttpConfig } from './http.config.js';
import { type ResponseKey, ResponseSigner } from './response-signature.js';
import { wire } from './wire.js';

const NOW = new Date('2026-05-01T12:00:00.700Z');
const pair = generateKeyPairSync('ed25519');
const key: ResponseKey = { kid: 'k 1"', sign: (message) => sign(null, message, pair.privateKey) };
let usable: ResponseKey | null = key;
let calls = 0;

@Controller()
class ThingsController {
  @Get('/api/v1/licenses')
  @Endpoint({ summary: 'All', access: 'public', output: z.object({ seatCount: z.int() }) })
  all() {
    calls += 1;
    return { seatCount: 2 };
  }

  @Get('/api/v1/licenses/stream')
  @Endpoint({ summary: 'A stream', access: 'public', produces: 'text/plain' })
  stream() {
    return Readable.from(['a']);
  }

  @Get('/api/v1/licensesX')
  @Endpoint({ summary: 'Another route', access: 'public', output: z.object({}) })
  other() {
    return {};
  }

  @Post('/api/v1/licenses/refuse')
  @Endpoint({
    summary: 'Refuses',
    access: 'public',
    output: z.object({}),
    refusals: { conflict: ['SEATS_EXHAUSTED'] },
  })
  refuse() {
    throw new DomainError('conflict', 'SEATS_EXHAUSTED', 'Full.', { retryAfterSeconds: 3 });
  }

  @Get('/api/v1/licenses/:license_id')
  @Endpoint({ summary: 'One', access: 'public', output: z.object({}) })
  one(@Param({ schema: wire(z.strictObject({ licenseId: z.string().length(3) })) }) _: unknown) {
    return {};
  }

  @Delete('/api/v1/licenses/fault')
  @Endpoint({ summary: 'Fails', access: 'public', output: z.object({}) })
  fault() {
    throw new Error('inside');
  }
}

@Module({
  controllers: [ThingsController],
  providers: [
    { provide: Clock, useValue: new ManualClock(NOW) },
    { provide: ResponseSigner, useValue: { current: () => usable } },
  ],
})
class App {}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const COVERED = '("@status" "content-digest" "@method";req "@path";req "@query";req)';
const ASKED = `sig1=${COVERED};created;nonce="n-1";tag="t"`;

let app: NestFastifyApplication;
let origin: string;

beforeAll(async () => {
  const config = {
    baseUrl: 'https://public.example/behind',
    allowedHosts: ['127.0.0.1'],
    allowedOrigins: ['*'],
    trustedProxies: [],
    bodyLimit: 1_024,
  };
  app = await createHttpApp(App, silent, config as unknown as HttpConfig);
  await app.listen(0, '127.0.0.1');
  origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterAll(() => app.close());

beforeEach(() => {
  usable = key;
  calls = 0;
});

interface Asking {
  method?: string;
  accept?: string | null;
  headers?: Record<string, string>;
  body?: string;
}

async function ask(path: string, { method = 'GET', accept = ASKED, headers = {}, body }: Asking = {}) {
  const answer = await fetch(origin + path, {
    method,
    headers: { ...headers, ...(accept === null ? {} : { 'accept-signature': accept }) },
    body,
  });
  const content = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, content };
}

type Answer = Awaited<ReturnType<typeof ask>>;

/** Whether `label` signs exactly this: the base is written out by hand. */
function isSigned(
  { status, headers, content }: Answer,
  method: string,
  path: string,
  query = '?',
  label = 'sig1',
) {
  const digest = `sha-256=:${createHash('sha256').update(content).digest('base64')}:`;
  const inputs = (headers.get('signature-input') ?? '').split(', ');
  const parameters = inputs.find((one) => one.startsWith(`${label}=`))?.slice(label.length + 1);
  const base =
    `"@status": ${status}\n"content-digest": ${digest}\n"@method";req: ${method}\n` +
    `"@path";req: ${path}\n"@query";req: ${query}\n"@signature-params": ${parameters}`;

  const signature = new RegExp(`${label}=:([^:]+):`).exec(headers.get('signature') ?? '')?.[1] ?? '';
  return (
    headers.get('content-digest') === digest &&
    verify(null, Buffer.from(base), pair.publicKey, Buffer.from(signature, 'base64'))
  );
}

const codeOf = ({ content }: Answer) =>
  (JSON.parse(content.toString()) as { error: { code: string } }).error.code;

describe('an answer that shall be signed', () => {
  it('is, with what the request asks for and when it was made', async () => {
    const answer = await ask('/api/v1/licenses?b=%20c&a');
    expect(answer.content.toString()).toBe('{"seat_count":2}');
    expect(answer.headers.get('signature-input')).toBe(
      `sig1=${COVERED};created=1777636800;keyid="k 1\\"";alg="ed25519";nonce="n-1";tag="t"`,
    );
    expect(isSigned(answer, 'GET', '/behind/api/v1/licenses', '?b=%20c&a')).toBe(true);
    expect(isSigned(answer, 'GET', '/behind/api/v1/licenses')).toBe(false);
  });

  it.each([
    ['"@target-uri";req', 'https://public.example/behind/api/v1/licenses?a=1'],
    ['"@request-target";req', '/behind/api/v1/licenses?a=1'],
  ])('names its target as the caller sees it, behind a proxy too: %s', async (component, value) => {
    const covered = `("@authority";req ${component} "@scheme";req "@status" "content-digest" "@method";req)`;
    const { headers } = await ask('/api/v1/licenses?a=1', { accept: `s=${covered}` });
    const base =
      `"@authority";req: public.example\n${component}: ${value}\n"@scheme";req: https\n"@status": 200\n` +
      `"content-digest": ${headers.get('content-digest')}\n"@method";req: GET\n` +
      `"@signature-params": ${headers.get('signature-input')?.slice(2)}`;
    const signature = Buffer.from(headers.get('signature')?.slice(3, -1) ?? '', 'base64');
    expect(verify(null, Buffer.from(base), pair.publicKey, signature)).toBe(true);
  });

  it('may be signed twice', async () => {
    const answer = await ask('/api/v1/licenses', {
      accept: `a=${COVERED};nonce="1", b=${COVERED};nonce="2"`,
    });
    const both = ['a', 'b'].map((label) => isSigned(answer, 'GET', '/behind/api/v1/licenses', '?', label));
    expect(both).toEqual([true, true]);
  });

  it.each([
    ['a refusal', 'POST', '/refuse', {}, 409, 'SEATS_EXHAUSTED'],
    ['a failure', 'DELETE', '/fault', {}, 500, 'INTERNAL'],
    ['nothing there', 'GET', '/a/b', {}, 404, 'NOT_FOUND'],
    ['no such method', 'PUT', '/refuse', {}, 404, 'NOT_FOUND'],
    ['a parameter of another form', 'GET', '/four', {}, 422, 'VALIDATION_FAILED'],
    ['malformed JSON', 'POST', '/refuse', { body: '{' }, 400, 'MALFORMED_JSON'],
    ['a body too large', 'POST', '/refuse', { body: ' '.repeat(2_000) }, 413, 'BODY_TOO_LARGE'],
    [
      'another media type',
      'POST',
      '/refuse',
      { body: 'a', headers: { 'content-type': 'text/plain' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a path that is no path', 'GET', '/%zz', {}, 400, 'MALFORMED_REQUEST'],
    ['a path that is too long', 'GET', `/${'a'.repeat(300)}`, {}, 400, 'MALFORMED_REQUEST'],
  ] as [string, string, string, Asking, number, string][])(
    'is signed when it is an error: %s',
    async (_, method, path, asking, status, code) => {
      const headers = { 'content-type': 'application/json', ...asking.headers };
      const answer = await ask(`/api/v1/licenses${path}`, {
        ...asking,
        method,
        headers: asking.body === undefined ? {} : headers,
      });
      expect([answer.status, codeOf(answer)]).toEqual([status, code]);
      expect(isSigned(answer, method, `/behind/api/v1/licenses${path}`)).toBe(true);
    },
  );

  it('is signed when the host is none of ours', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.write(
      `GET /api/v1/licenses HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\naccept-signature: ${ASKED}\r\n\r\n`,
    );
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    const headers = new Headers(
      head
        .split('\r\n')
        .slice(1)
        .map((line): [string, string] => [line.split(': ', 1)[0]!, line.slice(line.indexOf(': ') + 2)]),
    );
    const answer = { status: Number(head.split(' ')[1]), headers, content: Buffer.from(body) };
    expect([answer.status, codeOf(answer)]).toEqual([400, 'HOST_NOT_ALLOWED']);
    expect(isSigned(answer, 'GET', '/behind/api/v1/licenses')).toBe(true);
  });

  it('is left alone on other routes, and when nobody asks', async () => {
    const answers = [await ask('/api/v1/licensesX'), await ask('/api/v1/licenses', { accept: null })];
    expect(answers.map((one) => one.status)).toEqual([200, 200]);
    for (const { headers } of answers)
      expect([headers.get('signature'), headers.get('content-digest')]).toEqual([null, null]);
  });

  it('lets pages of other origins read what they verify', async () => {
    const { headers } = await ask('/api/v1/licenses', { headers: { origin: 'https://app.example' } });
    const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(', ');
    expect(exposed).toEqual(expect.arrayContaining(['signature', 'signature-input', 'content-digest']));
  });
});

describe('an answer that cannot be signed as asked', () => {
  it.each([
    ['no dictionary', 'sig1=('],
    ['nothing asked', ''],
    ['no list', 'sig1'],
    ['too long', `sig1=${COVERED};nonce="${'n'.repeat(1_100)}"`],
    ['a nonce that is too long', `sig1=${COVERED};nonce="${'n'.repeat(257)}"`],
    ['an empty nonce', `sig1=${COVERED};nonce=""`],
    ['a nonce that is no text', `sig1=${COVERED};nonce=1`],
    ['three signatures', ['a', 'b', 'c'].map((one) => `${one}=${COVERED}`).join(', ')],
    ['a field that we do not sign', `sig1=${COVERED.replace(')', ' "date")')}`],
    ['a component of another kind', `sig1=${COVERED.replace('"@status"', '@1')}`],
    ['a component of the request that is not one', `sig1=${COVERED.replace('"@status"', '"@status";req')}`],
    ['a component of our answer that has none', `sig1=${COVERED.replace('"@method";req', '"@method"')}`],
    ['a form that we do not give', `sig1=${COVERED.replace('"content-digest"', '"content-digest";bs')}`],
    ['a component twice', `sig1=${COVERED.replace(')', ' "@status")')}`],
    ['a signature that leaves the content open', 'sig1=("@status" "@method";req "@path";req "@query";req)'],
    [
      'a signature that leaves the target open',
      'sig1=("@status" "content-digest" "@method";req "@path";req)',
    ],
    ['another algorithm', `sig1=${COVERED};alg="hmac-sha256"`],
    ['another key', `sig1=${COVERED};keyid="other"`],
    ['a time of its own', `sig1=${COVERED};created=1777636800`],
    ['an end', `sig1=${COVERED};expires`],
    ['what no RFC knows', `sig1=${COVERED};x`],
  ])('is a 503 before anything is done: %s', async (_, accept) => {
    const answer = await ask('/api/v1/licenses', { accept });
    expect([answer.status, codeOf(answer)]).toEqual([503, 'SIGNATURE_UNAVAILABLE']);
    expect([calls, answer.headers.get('retry-after'), answer.headers.get('signature')]).toEqual([
      0,
      '30',
      null,
    ]);
  });

  it('is a 503 before anything is done without a key', async () => {
    usable = null;
    const answer = await ask('/api/v1/licenses');
    expect([answer.status, codeOf(answer), calls]).toEqual([503, 'SIGNATURE_UNAVAILABLE', 0]);
    expect((await ask('/api/v1/licenses', { accept: null })).status).toBe(200);
  });

  it('names no key that is asked for but the one that signs', async () => {
    expect((await ask('/api/v1/licenses', { accept: `s=${COVERED};keyid="k 1\\""` })).status).toBe(200);
  });

  it('is a 503 when it turns out to be a stream', async () => {
    const answer = await ask('/api/v1/licenses/stream');
    expect([answer.status, codeOf(answer)]).toEqual([503, 'SIGNATURE_UNAVAILABLE']);
    expect((await ask('/api/v1/licenses/stream', { accept: null })).content.toString()).toBe('a');
  });
});
