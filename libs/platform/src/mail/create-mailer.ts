import { ConsoleMailer } from './console-mailer.js';
import type { MailConfig } from './mail.config.js';
import type { Mailer } from './mailer.js';
import { ResendMailer } from './resend-mailer.js';
import { SmtpMailer } from './smtp-mailer.js';

/** The mailer that the configuration names; `write` takes the lines of MAIL_TRANSPORT=console. */
export function createMailer(
  config: MailConfig,
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): Mailer {
  switch (config.transport) {
    case 'smtp':
      return new SmtpMailer(needed(config.smtpUrl, 'SMTP_URL'), config.from);
    case 'resend':
      return new ResendMailer(needed(config.resendApiKey, 'RESEND_API_KEY'), config.from, config.resendUrl);
    case 'console':
      return new ConsoleMailer(write, config.from);
  }
}

function needed(value: string | undefined, name: string): string {
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}
