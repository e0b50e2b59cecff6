import { type Env, type Environment, ConfigError, loadConfig } from '../config/config.js';
import { ConsoleMailer } from './console-mailer.js';
import { createMailer } from './create-mailer.js';
import { MailConfig } from './mail.config.js';
import { ResendMailer } from './resend-mailer.js';
import { SmtpMailer } from './smtp-mailer.js';

const FROM = 'Gatehouse <no-reply@example.com>';

function config(env: Env, variables: Record<string, string>): MailConfig {
  const all = new Map(Object.entries({ ENV: env, MAIL_FROM: FROM, ...variables }));
  const environment: Environment = { get: (name) => all.get(name), names: () => all.keys() };
  return loadConfig([MailConfig], environment).get(MailConfig) as MailConfig;
}

describe('createMailer', () => {
  it.each([
    [{ MAIL_TRANSPORT: 'smtp', SMTP_URL: 'smtp://127.0.0.1:2525' }, SmtpMailer],
    [{ MAIL_TRANSPORT: 'resend', RESEND_API_KEY: 're_1' }, ResendMailer],
    [{ MAIL_TRANSPORT: 'console' }, ConsoleMailer],
  ])('makes of %j a %p', (variables, kind) => {
    expect(createMailer(config('local', variables))).toBeInstanceOf(kind);
  });
});

describe('MailConfig', () => {
  it.each<[Env, Record<string, string>, string]>([
    ['local', { MAIL_TRANSPORT: 'smtp' }, 'SMTP_URL'],
    ['local', { MAIL_TRANSPORT: 'smtp', SMTP_URL: 'http://mail' }, 'SMTP_URL'],
    ['local', { MAIL_TRANSPORT: 'resend' }, 'RESEND_API_KEY'],
    ['local', { MAIL_TRANSPORT: 'pigeon' }, 'MAIL_TRANSPORT'],
    ['local', { MAIL_TRANSPORT: 'console', MAIL_FROM: 'nobody' }, 'MAIL_FROM'],
    ['local', { MAIL_TRANSPORT: 'console', MAIL_FROM: 'A <a@b.c>\nBcc: x <x@y.z>' }, 'MAIL_FROM'],
    ['staging', { MAIL_TRANSPORT: 'console' }, 'MAIL_TRANSPORT'],
    ['production', { MAIL_TRANSPORT: 'console' }, 'MAIL_TRANSPORT'],
    [
      'production',
      { MAIL_TRANSPORT: 'resend', RESEND_API_KEY: 're_1', RESEND_URL: 'http://a.b' },
      'RESEND_URL',
    ],
  ])('does not start in %s with %j', (env, variables, name) => {
    const faults = () => {
      try {
        config(env, variables);
        return [];
      } catch (error) {
        return (error as ConfigError).faults;
      }
    };
    expect(faults()).toEqual([expect.stringContaining(`${name}: `)]);
  });
});
