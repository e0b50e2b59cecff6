/** The program behind the part `mail`: catches every message sent to it and shows it on a page. Nothing leaves. */
import { Mailbox } from './mail/mailbox.js';
import { startMailPage } from './mail/mail-page.js';
import { startSmtpServer } from './mail/smtp-catcher.js';

const mailbox = new Mailbox();
const [smtpUrl, url] = await Promise.all([startSmtpServer(mailbox), startMailPage(mailbox)]);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
process.send?.({ type: 'ready', url, smtp_url: smtpUrl });
process.channel?.unref();
