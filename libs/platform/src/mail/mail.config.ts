import { z } from 'zod';
import { configOf, secret, setting } from '../config/config.js';
import { isAddress } from './mailer.js';
import { RESEND_URL } from './resend-mailer.js';

const url = (protocols: RegExp, message: string) => z.url({ protocol: protocols, error: message });

export class MailConfig extends configOf(
  'mail',
  {
    transport: setting(
      'MAIL_TRANSPORT',
      z.enum(['smtp', 'resend', 'console'], { error: 'must be smtp, resend or console' }),
      'How mail leaves: smtp (needs SMTP_URL), resend (needs RESEND_API_KEY), or console (ENV=local and test only).',
    ),
    from: setting(
      'MAIL_FROM',
      z.string().refine(isSender, 'must be an address or "Name <address>"'),
      'The sender of every mail, "Gatehouse <no-reply@example.com>".',
    ),
    smtpUrl: secret(
      'SMTP_URL',
      url(/^smtps?$/, 'must begin with smtp:// or smtps://').optional(),
      'The mail server, smtps://user:password@host:465; smtp:// upgrades to TLS when the server offers it.',
    ),
    resendApiKey: secret(
      'RESEND_API_KEY',
      z.string().min(1).optional(),
      "Resend's API key, with sending access.",
    ),
    resendUrl: setting(
      'RESEND_URL',
      url(/^https?$/, 'must begin with https:// or http://').default(RESEND_URL),
      "Resend's API, or one that speaks like it.",
    ),
  },
  (mail, env) => {
    const faults: string[] = [];
    const deployed = env === 'production' || env === 'staging';
    if (mail.transport === 'smtp' && !mail.smtpUrl) faults.push('SMTP_URL: MAIL_TRANSPORT=smtp needs it.');
    if (mail.transport === 'resend' && !mail.resendApiKey)
      faults.push('RESEND_API_KEY: MAIL_TRANSPORT=resend needs it.');
    if (mail.transport === 'console' && deployed) {
      faults.push(`MAIL_TRANSPORT: console writes licence keys to the log; ENV=${env} takes smtp or resend.`);
    }
    if (mail.transport === 'resend' && deployed && !mail.resendUrl.startsWith('https:')) {
      faults.push(`RESEND_URL: ENV=${env} takes only https://.`);
    }
    return faults;
  },
) {}

function isSender(text: string): boolean {
  const named = /^[^<>\p{Cc}]*<([^<>]+)>$/u.exec(text);
  return isAddress(named?.[1] ?? text);
}
