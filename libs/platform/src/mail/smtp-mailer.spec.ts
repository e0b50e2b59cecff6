import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { type DeliveredMail, FROM, mail, mailerContract, remoteMailerContract } from './mailer.contract.js';
import { MailRefused, MailUnavailable } from './mailer.js';
import { SmtpMailer } from './smtp-mailer.js';

mailerContract('SmtpMailer', smtp);
remoteMailerContract('SmtpMailer', smtp);

describe('SmtpMailer', () => {
  it('keeps the mail for later when the server refuses the sender', async () => {
    await using server = await smtp({ onMailFrom: (_, __, done) => done(smtpError(550)) });
    await expect(server.mailer.send(mail())).rejects.toThrow(MailUnavailable);
  });

  it('refuses a mail whose content the server refuses', async () => {
    await using server = await smtp({
      onData: (stream, _, done) => stream.resume().on('end', () => done(smtpError(554))),
    });
    await expect(server.mailer.send(mail())).rejects.toThrow(MailRefused);
  });

  it.each([
    [450, true],
    [421, false],
  ])('says whom an answer of %d to a recipient is about', async (code, isOfRecipient) => {
    await using server = await smtp({ onRcptTo: (_, __, done) => done(smtpError(code)) });
    await expect(server.mailer.send(mail())).rejects.toMatchObject({
      name: 'MailUnavailable',
      isOfRecipient,
    });
    await expect(server.away.send(mail())).rejects.toMatchObject({ isOfRecipient: false });
  });

  it('sends many mails over few connections', async () => {
    let connections = 0;
    await using server = await smtp({ onConnect: (_, done) => (connections++, done()) });
    const ids = Array.from({ length: 20 }, (_, i) => `<many.${i}@gatehouse.test>`);

    await Promise.all(ids.map((messageId) => server.mailer.send(mail({ messageId }))));

    const got = (await server.delivered()).map((one) => one.messageId);
    expect(got.sort()).toEqual(ids.sort());
    expect(connections).toBeLessThanOrEqual(4);
  });

  it('upgrades to TLS when the server offers it, and does not trust a certificate nobody vouches for', async () => {
    await using server = await smtp({ disabledCommands: [] });

    await expect(server.mailer.send(mail())).rejects.toThrow(/certificate/);
    const trusting = new SmtpMailer(`${server.url}?tls.rejectUnauthorized=false`, FROM);
    await trusting.send(mail());
    await trusting.close();

    expect(server.overTls).toEqual([true]);
  });

  it('speaks TLS from the start to smtps://', async () => {
    await using server = await smtp({ secure: true });
    const mailer = new SmtpMailer(
      `${server.url.replace('smtp:', 'smtps:')}?tls.rejectUnauthorized=false`,
      FROM,
    );
    await mailer.send(mail());
    await mailer.close();

    expect(server.overTls).toEqual([true]);
  });

  it('gives up on a server that trickles, which no timeout for silence notices', async () => {
    await using server = await trickling();
    await expect(new SmtpMailer(server.url, FROM, 500).send(mail())).rejects.toThrow(MailUnavailable);
  });
});

type Options = ConstructorParameters<typeof SMTPServer>[0];

async function smtp(options: Options = {}) {
  const raw: { message: Buffer; recipients: string[] }[] = [];
  const overTls: boolean[] = [];
  const rejected = new Map<string, number>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    authOptional: true,
    logger: false,
    onAuth: (_, __, done) => done(smtpError(535)),
    onRcptTo: ({ address }, _, done) =>
      done(rejected.has(address) ? smtpError(rejected.get(address)!) : null),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        raw.push({
          message: Buffer.concat(chunks),
          recipients: session.envelope.rcptTo.map((to) => to.address),
        });
        overTls.push(session.secure);
        done();
      });
    },
    ...options,
  });
  // A client that turns down our certificate is what one test is about.
  server.on('error', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const host = `127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const silent = await silence();

  const mailers = {
    mailer: new SmtpMailer(`smtp://${host}`, FROM),
    away: new SmtpMailer(`smtp://127.0.0.1:${await closedPort()}`, FROM),
    slow: new SmtpMailer(silent.url, FROM, 500),
    stranger: new SmtpMailer(`smtp://me:wrong@${host}`, FROM),
  };
  const stop = async () => {
    await Promise.all(Object.values(mailers).map((one) => one.close()));
    await silent[Symbol.asyncDispose]();
    await new Promise<void>((done) => server.close(done));
  };
  return {
    mailer: mailers.mailer,
    away: mailers.away,
    url: `smtp://${host}`,
    overTls,
    delivered: () => Promise.all(raw.map(decoded)),
    stop,
    remote: {
      slow: mailers.slow,
      stranger: mailers.stranger,
      reject: (address: string, how: string) => void rejected.set(address, how === 'for good' ? 550 : 450),
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function decoded(one: { message: Buffer; recipients: string[] }): Promise<DeliveredMail> {
  const parsed = await PostalMime.parse(one.message);
  return {
    from: `${parsed.from?.name} <${parsed.from?.address}>`,
    recipients: one.recipients,
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html?.trimEnd() ?? '',
    messageId: parsed.messageId ?? '',
    headerNames: parsed.headers.map((header) => header.key),
  };
}

const smtpError = (responseCode: number) => Object.assign(new Error('said the test'), { responseCode });

const silence = () => listening(() => undefined);

const trickling = () =>
  listening((socket) => {
    socket.write('220 welcome\r\n');
    const timer = setInterval(() => socket.write('250-still here\r\n'), 20);
    socket.on('close', () => clearInterval(timer));
  });

async function listening(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((done) => server.close(done));
    },
  };
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
