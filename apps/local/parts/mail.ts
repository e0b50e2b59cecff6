import { join } from 'node:path';
import { program } from '../paths.js';
import { startChild } from '../processes/child.js';
import type { Part } from './part.js';

export interface MailOptions {
  /** Where its log goes. */
  directory: string;
  logFile?: string;
}

export interface Mail extends Part {
  /** For SMTP_URL; `url` is the page to read the mail, `${url}/messages.json` the same for programs. */
  smtpUrl: string;
}

/** Starts the SMTP catcher and its page, in a process of its own, on free loopback ports. */
export async function startMail(options: MailOptions): Promise<Mail> {
  const child = await startChild({
    name: 'The mail catcher',
    command: process.execPath,
    args: [program('apps/local/mail-catcher.js')],
    cwd: '/',
    env: { PATH: process.env.PATH },
    logFile: options.logFile ?? join(options.directory, 'mail.log'),
    ready: 'message',
  });
  return { ...child, name: 'mail', url: String(child.message.url), smtpUrl: String(child.message.smtp_url) };
}
