import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerEnvelope } from 'smtp-server';
import type { Mailbox, Message } from './mailbox.js';

const MOST_BYTES_PER_MESSAGE = 5 * 1024 * 1024;

/** Accepts mail from anybody on this machine, without login or TLS; resolves with its `smtp://` url. */
export async function startSmtpServer(mailbox: Mailbox, port = 0): Promise<string> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MOST_BYTES_PER_MESSAGE,
    onData: (stream, session, done) =>
      void receive(mailbox, stream, session.envelope).then(() => done(), done),
  });
  // A client that goes away in the middle of a message is its own affair.
  server.on('error', (error) => process.stderr.write(`${error.message}\n`));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

async function receive(
  mailbox: Mailbox,
  stream: SMTPServerDataStream,
  envelope: SMTPServerEnvelope,
): Promise<void> {
  const raw = await buffer(stream);
  if (stream.sizeExceeded) throw Object.assign(new Error('Message is too large'), { responseCode: 552 });
  mailbox.add(await parseMessage(raw, envelope));
}

async function parseMessage(raw: Buffer, envelope: SMTPServerEnvelope): Promise<Omit<Message, 'id'>> {
  const mail = await PostalMime.parse(raw);
  return {
    to: envelope.rcptTo.map((recipient) => recipient.address.toLowerCase()),
    from: mail.from?.address ?? (envelope.mailFrom ? envelope.mailFrom.address : ''),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html ?? '',
    message_id: mail.messageId ?? '',
    received_at: new Date().toISOString(),
  };
}
