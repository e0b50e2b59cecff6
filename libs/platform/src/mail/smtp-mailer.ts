import { createTransport, type NodemailerError } from 'nodemailer';
import { type OutgoingMail, Mailer, MailRefused, MailUnavailable, wellFormed } from './mailer.js';

/** Shorter than WORKER_SHUTDOWN_MS: a worker that is told to stop sends what it has begun to send. */
const TOTAL_MS = 15_000;
/** Servers wait at least five minutes (RFC 5321, 4.5.3.2.7), but those in between forget connections sooner. */
const IDLE_MS = 30_000;
/** "Authenticate first" and its kin (RFC 4954, 6; RFC 3207, 4): about our account, not about the mail. */
const ACCOUNT_CODES = new Set([530, 534, 535, 538]);

/** Over one SMTP server, on a few kept connections. */
export class SmtpMailer extends Mailer {
  private readonly transport;

  /**
   * @param url `smtps://user:password@host:465` for TLS from the start, `smtp://...` to upgrade when the server
   *   offers STARTTLS. A password is only ever sent over TLS, except to this machine.
   */
  constructor(
    url: string,
    private readonly from: string,
    private readonly timeoutMs = TOTAL_MS,
  ) {
    super();
    const { username, password, hostname } = new URL(url);
    this.transport = createTransport({
      pool: true,
      url,
      requireTLS: Boolean(username || password) && !isLoopback(hostname),
      maxConnections: 4,
      idleTimeout: IDLE_MS,
      // The caller counts attempts; one hidden here could deliver twice without anyone knowing.
      maxRequeues: 0,
      dnsTimeout: timeoutMs,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(mail: OutgoingMail): Promise<void> {
    const { to, subject, text, html, messageId } = wellFormed(mail);
    try {
      await this.transport.sendMail({
        from: this.from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId,
        // The other timeouts are about silence; this one also ends a server that trickles.
        signal: AbortSignal.timeout(this.timeoutMs),
      });
    } catch (error) {
      throw explain(error as NodemailerError);
    }
  }

  override async close(): Promise<void> {
    this.transport.close();
  }
}

function explain(error: NodemailerError): Error {
  const said = error.response?.slice(0, 200) ?? error.message;
  // A refused sender or session would refuse every mail: that is ours to repair, and the mail must wait for it.
  const aboutThisMail = error.command === 'RCPT TO' || error.command === 'DATA';
  if (error.permanent && aboutThisMail && !ACCOUNT_CODES.has(error.responseCode ?? 0)) {
    return new MailRefused(`The mail server refused the mail: ${said}`, { cause: error });
  }
  // 421 is about the connection, whatever it answers (RFC 5321, 3.8).
  const isOfRecipient = aboutThisMail && error.responseCode !== undefined && error.responseCode !== 421;
  return new MailUnavailable(`The mail server did not take the mail: ${said}`, {
    cause: error,
    isOfRecipient,
  });
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\./.test(host);
