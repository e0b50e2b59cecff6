import { PermanentFailure } from '../events/permanent-failure.js';

/** One mail to one person. */
export interface OutgoingMail {
  /** A bare address, `ada@example.com`: no display name, no list. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /**
   * `<key@host>`, chosen by the caller and the same on every retry: it is how a receiver, and Resend, recognise
   * a second copy. Content must not change under the same id.
   */
  messageId: string;
}

/** The mail itself cannot be delivered; sending it again gets the same answer, so its event is given up at once. */
export class MailRefused extends PermanentFailure {
  override readonly name = 'MailRefused';
}

/** The mail was not taken now: the server is away, busy, slow, or does not accept our credentials. Retry. */
export class MailUnavailable extends Error {
  override readonly name = 'MailUnavailable';
  /** How long the server asked us to wait, when it said so. */
  readonly retryAfterSeconds: number | undefined;
  /** Mails to others may be taken all the same: this one's recipient is busy, full or greylisted (RFC 6647). */
  readonly isOfRecipient: boolean;

  constructor(
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number; isOfRecipient?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.isOfRecipient = options.isOfRecipient ?? false;
  }
}

/**
 * Sends mail; inject it by this class. At least once: a retry after a lost answer may deliver a second copy, which
 * carries the same Message-ID.
 */
export abstract class Mailer {
  /**
   * Resolves once the server has taken the mail, or rejects within 15 s. Never call it inside a transaction.
   *
   * @throws MailRefused for good: the recipient or the content is rejected, or the mail is not well-formed.
   * @throws MailUnavailable for now: retry with the same `messageId`.
   */
  abstract send(mail: OutgoingMail): Promise<void>;

  /** Ends idle connections. */
  async close(): Promise<void> {}

  /** Nest calls this after consumers have stopped, so nothing is being sent. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}

/** RFC 5321, 4.5.3.1.3: a path is at most 256 octets with its angle brackets. */
const MAX_ADDRESS = 254;
/** RFC 5322, 2.1.1: a line should stay under 78 characters and must stay under 998; subjects fold, ids do not. */
const MAX_MESSAGE_ID = 250;
const MAX_SUBJECT = 998;

/**
 * What every adapter does to a mail first, so that no value in it becomes a header or a second recipient: line
 * breaks and other controls in the subject turn into spaces, a `to` or `messageId` that is more than one is refused.
 *
 * @throws MailRefused
 */
export function wellFormed(mail: OutgoingMail): OutgoingMail {
  if (!isAddress(mail.to)) throw new MailRefused('The recipient is not one e-mail address.');
  if (
    mail.messageId.length > MAX_MESSAGE_ID ||
    !/^<[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+>$/.test(mail.messageId)
  ) {
    throw new MailRefused('The Message-ID is not of the form <key@host>.');
  }
  return {
    to: mail.to,
    subject: oneLine(mail.subject).slice(0, MAX_SUBJECT).toWellFormed(),
    text: mail.text.toWellFormed(),
    html: mail.html.toWellFormed(),
    messageId: mail.messageId,
  };
}

/** True for one bare address. Who owns it is not checked; that takes a mail. */
export function isAddress(text: string): boolean {
  return (
    text.length <= MAX_ADDRESS &&
    text.isWellFormed() &&
    /^[^\s\p{Cc}\p{Cf}@,;:<>()[\]"\\]+@[^\s\p{Cc}\p{Cf}@,;:<>()[\]"\\]+$/u.test(text)
  );
}

const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
