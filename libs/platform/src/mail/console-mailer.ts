import { type OutgoingMail, Mailer, MailUnavailable, wellFormed } from './mailer.js';

/** Writes each mail as one line of JSON instead of sending it, secrets and all: for local use and tests only. */
export class ConsoleMailer extends Mailer {
  /** @param write takes one line without its line break. */
  constructor(
    private readonly write: (line: string) => void,
    private readonly from: string,
  ) {
    super();
  }

  async send(mail: OutgoingMail): Promise<void> {
    const { messageId, ...rest } = wellFormed(mail);
    try {
      this.write(JSON.stringify({ mail: { from: this.from, ...rest, message_id: messageId } }));
    } catch (error) {
      throw new MailUnavailable('The mail could not be written.', { cause: error });
    }
  }
}
