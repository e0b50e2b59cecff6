import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { Clock, ManualClock } from '../clock/clock.js';
import { createHttpApp } from './create-http-app.js';
import { Endpoint } from './endpoint.js';
import type { HttpConfig } from './http.config.js';

@Controller('/things')
class ThingsController {
  @Get(':id')
  @Endpoint({ summary: 'A thing', access: 'public', output: z.object({}) })
  show() {
    return {};
  }

  @Post()
  @Endpoint({ summary: 'Another', access: 'public', output: z.object({}) })
  make() {
    return {};
  }
}

describe('what is hardly a request', () => {
  let app: NestFastifyApplication;
  let port: number;

  beforeAll(async () => {
    class App {}
    Module({ controllers: [ThingsController], providers: [{ provide: Clock, useValue: new ManualClock() }] })(
      App,
    );
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const config = { baseUrl: 'http://127.0.0.1', allowedHosts: [], allowedOrigins: [], trustedProxies: [] };
    app = await createHttpApp(App, silent, { ...config, bodyLimit: 4_096 } as unknown as HttpConfig);
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
  });

  afterAll(() => app.close());

  it.each([
    ['no HTTP at all', 'GET THIS\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    [
      'a NUL in a header',
      'GET /things/1 HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: \0\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'headers without end',
      `GET /things/1 HTTP/1.1\r\nx-a: ${'a'.repeat(40_000)}\r\n\r\n`,
      431,
      'MALFORMED_REQUEST',
    ],
    ['no Host', 'GET /things/1 HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'HOST_NOT_ALLOWED'],
    [
      'a path that is not UTF-8',
      'GET /things/%ff HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a path that is no path',
      'GET /things/%zz HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    ['a method nobody serves', 'PURGE /things/1 HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n', 404, 'NOT_FOUND'],
    [
      'nonsense behind a good request',
      'GET /things/1 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nnonsense\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'two lengths',
      'POST /things HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a length and chunks',
      'POST /things HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'more than it may be',
      'POST /things HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n{',
      413,
      'BODY_TOO_LARGE',
    ],
  ])('answers %s in the envelope', async (_, bytes, status, code) => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    const answers = await text(socket);
    const [head = '', body = ''] = answers.slice(answers.lastIndexOf('HTTP/1.1 ')).split('\r\n\r\n');

    expect(head.split(' ')[1]).toBe(String(status));
    const { error } = JSON.parse(body);
    expect(error).toMatchObject({ code, message: expect.any(String), timestamp: expect.any(String) });
    expect(head.toLowerCase()).toContain(`x-trace-id: ${error.trace_id}`);
  });
});
