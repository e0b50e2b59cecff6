import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FROM, mail, mailerContract, remoteMailerContract } from './mailer.contract.js';
import { MailRefused, MailUnavailable } from './mailer.js';
import { ResendMailer } from './resend-mailer.js';

const KEY = 're_test_key';

mailerContract('ResendMailer', resend);
remoteMailerContract('ResendMailer', resend);

describe('ResendMailer', () => {
  it('sends a repeated Message-ID once, as two Message-IDs twice', async () => {
    await using server = await resend();
    await server.mailer.send(mail());
    await server.mailer.send(mail());
    await server.mailer.send(mail({ messageId: '<welcome.2@gatehouse.test>' }));

    const ids = (await server.delivered()).map((one) => one.messageId);
    expect(ids).toEqual(['<welcome.1@gatehouse.test>', '<welcome.2@gatehouse.test>']);
  });

  it('is refused when other content was taken under the same Message-ID', async () => {
    await using server = await resend();
    await server.mailer.send(mail());
    await expect(server.mailer.send(mail({ subject: 'Other' }))).rejects.toThrow(MailRefused);
  });

  it.each([
    [400, 'validation_error', MailRefused],
    [422, 'missing_required_field', MailRefused],
    [422, 'invalid_from_address', MailUnavailable],
    [401, 'missing_api_key', MailUnavailable],
    [403, 'validation_error', MailUnavailable],
    [404, 'not_found', MailUnavailable],
    [408, '', MailUnavailable],
    [409, 'concurrent_idempotent_requests', MailUnavailable],
    [500, 'application_error', MailUnavailable],
    [503, '', MailUnavailable],
  ])('%i %s is %p', async (status, name, kind) => {
    await using server = await resend({
      answer: { status, body: { statusCode: status, name, message: 'why' } },
    });
    const sent = server.mailer.send(mail());
    await expect(sent).rejects.toThrow(kind);
    await expect(sent).rejects.toThrow(`${status}`);
  });

  it('passes on how long to wait', async () => {
    const answer = {
      status: 429,
      headers: { 'retry-after': '7' },
      body: { name: 'rate_limit_exceeded', message: '' },
    };
    await using server = await resend({ answer });
    await expect(server.mailer.send(mail())).rejects.toMatchObject({
      name: 'MailUnavailable',
      retryAfterSeconds: 7,
    });
  });

  it('hands nothing to another host when redirected', async () => {
    await using other = await resend();
    await using server = await resend({
      answer: { status: 307, headers: { location: `${other.url}/emails` }, body: {} },
    });
    await expect(server.mailer.send(mail())).rejects.toThrow(MailUnavailable);
    expect(other.requests).toEqual([]);
  });

  it('is unavailable, not broken, when the answer is not JSON', async () => {
    await using server = await resend({ answer: { status: 502, body: '<html>Bad gateway</html>' } });
    await expect(server.mailer.send(mail())).rejects.toThrow(MailUnavailable);
  });
});

interface Sent {
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}
interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** POST /emails as https://resend.com/docs/api-reference describes it: bearer key, idempotency, error bodies. */
async function resend({ answer }: { answer?: Answer } = {}) {
  const sent: Sent[] = [];
  const requests: string[] = [];
  const byKey = new Map<string, string>();
  const rejected = new Map<string, Answer>();

  const judge = (request: IncomingMessage, body: string): Answer => {
    if (answer) return answer;
    if (request.method !== 'POST' || request.url !== '/emails') return fault(404, 'not_found');
    if (request.headers.authorization !== `Bearer ${KEY}`) return fault(403, 'invalid_api_key');
    if (request.headers['content-type'] !== 'application/json') return fault(400, 'validation_error');
    const key = String(request.headers['idempotency-key'] ?? '');
    if (key.length < 1 || key.length > 256) return fault(400, 'invalid_idempotency_key');
    if (byKey.has(key))
      return byKey.get(key) === body
        ? { status: 200, body: { id: key } }
        : fault(409, 'invalid_idempotent_request');

    const email = JSON.parse(body) as Sent;
    const no = email.to.map((to) => rejected.get(to)).find(Boolean);
    if (no) return no;
    byKey.set(key, body);
    sent.push(email);
    return { status: 200, body: { id: key } };
  };

  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void text(request).then((body) => write(response, judge(request, body)));
  });
  const stalled = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":');
  });
  const [url, slowUrl] = await Promise.all([server, stalled].map(listen));

  const stop = async () => {
    for (const one of [server, stalled]) {
      one.closeAllConnections();
      await new Promise((done) => one.close(done));
    }
  };
  return {
    url: url!,
    requests,
    mailer: new ResendMailer(KEY, FROM, url),
    away: new ResendMailer(KEY, FROM, await goneUrl()),
    remote: {
      slow: new ResendMailer(KEY, FROM, slowUrl, 500),
      stranger: new ResendMailer('re_wrong', FROM, `${url}/`),
      reject: (address: string, how: string) =>
        void rejected.set(
          address,
          how === 'for good' ? fault(422, 'validation_error') : fault(429, 'rate_limit_exceeded'),
        ),
    },
    delivered: async () =>
      sent.map((one) => ({
        from: one.from,
        recipients: one.to,
        subject: one.subject,
        text: one.text,
        html: one.html,
        messageId: one.headers['Message-ID'] ?? '',
        headerNames: Object.keys(one.headers).map((name) => name.toLowerCase()),
      })),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const fault = (statusCode: number, name: string): Answer => ({
  status: statusCode,
  body: { statusCode, name, message: 'said the test' },
});

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function goneUrl(): Promise<string> {
  const server = createServer();
  const url = await listen(server);
  await new Promise((done) => server.close(done));
  return url;
}
