import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  amount,
  amountDoc,
  amountsIn,
  configOf,
  HttpConfig,
  key32,
  list,
  RuntimeConfig,
  secret,
  setting,
  whole,
} from '#platform';

/** Who may sign up, and what happens to those who guess. */
export class AccountsConfig extends configOf('accounts', {
  addressKey: secret(
    'AUTH_ADDRESS_KEY',
    key32(),
    'Keys the hash that e-mail addresses are found by: 32 random bytes, base64.',
  ),
  signUpMode: setting(
    'AUTH_SIGNUP_MODE',
    z.enum(['public', 'invite_only'], { error: 'must be public or invite_only' }).default('public'),
    'Who may sign up: public, or invite_only (those who were invited).',
  ),
  signUpDomains: setting(
    'AUTH_SIGNUP_DOMAINS',
    list()
      .default([])
      .transform((names) => names.map((one) => one.toLowerCase()))
      .refine(
        (all) => all.every((one) => /^[a-z0-9.-]{1,253}$/.test(one)),
        'must be domains, with commas between',
      ),
    'Whose addresses are in one of these domains is invited, with AUTH_SIGNUP_MODE=invite_only: acme.example,acme.test.',
  ),
  signUps: setting(
    'AUTH_SIGNUP_QUOTA',
    amount(),
    amountDoc('Sign-ups from one address (IPv6: one /64) an hour', 10),
  ),
  mails: setting(
    'AUTH_MAIL_QUOTA',
    amount(),
    amountDoc('Mails that others can cause to one mailbox an hour, and that a person can ask for', 5),
  ),
  derivedSessions: setting(
    'AUTH_DERIVED_QUOTA',
    amount(),
    amountDoc(
      'Sessions that one person may have made of others in ten minutes: by switching, token exchange and for programs',
      30,
    ),
  ),
  programs: setting(
    'AUTH_PROGRAM_QUOTA',
    amount(),
    amountDoc(
      'Programs that may ask from one address (IPv6: one /64) in ten minutes whether they may act for somebody',
      60,
    ),
  ),
  lockoutThreshold: setting(
    'AUTH_LOCKOUT_THRESHOLD',
    amount(),
    amountDoc(
      'Failed sign-ins to one account from one network until it has to wait (from everywhere: four times)',
      5,
    ),
  ),
  lockoutSeconds: setting(
    'AUTH_LOCKOUT_SECONDS',
    whole(1, 86_400).default(30),
    'The first wait; each further failure doubles it.',
  ),
  lockoutMaxSeconds: setting('AUTH_LOCKOUT_MAX_SECONDS', whole(1, 86_400).default(900), 'The longest wait.'),
  ipLockoutThreshold: setting(
    'AUTH_IP_LOCKOUT_THRESHOLD',
    amount(),
    amountDoc(
      'Failed sign-ins from one network (/24, IPv6 /64), to whatever account, until it has to wait',
      50,
    ),
  ),
  ipLockoutSeconds: setting(
    'AUTH_IP_LOCKOUT_SECONDS',
    whole(1, 86_400).default(60),
    'The first wait of a network; each further failure doubles it.',
  ),
  ipLockoutMaxSeconds: setting(
    'AUTH_IP_LOCKOUT_MAX_SECONDS',
    whole(1, 86_400).default(3_600),
    'The longest wait of a network.',
  ),
  ipLockoutWindowSeconds: setting(
    'AUTH_IP_LOCKOUT_WINDOW_SECONDS',
    whole(1, 86_400).default(900),
    'For so long after the last one, and the wait that came of it, failures are remembered, of networks and of accounts.',
  ),
}) {}

/** The amounts in force: what is set, else what the environment (`ENV`) stands for. */
@Injectable()
export class AccountLimits {
  readonly signUps: number;
  readonly mails: number;
  readonly derivedSessions: number;
  readonly programs: number;
  readonly lockoutThreshold: number;
  readonly ipLockoutThreshold: number;

  constructor(config: AccountsConfig, runtime: RuntimeConfig) {
    const inForce = amountsIn(runtime);
    this.signUps = inForce(config.signUps, 10);
    this.mails = inForce(config.mails, 5);
    this.derivedSessions = inForce(config.derivedSessions, 30);
    this.programs = inForce(config.programs, 60);
    this.lockoutThreshold = inForce(config.lockoutThreshold, 5);
    this.ipLockoutThreshold = inForce(config.ipLockoutThreshold, 50);
  }
}

/** What mails carry, for the API that takes it and the worker that writes it. */
export class MailTokensConfig extends configOf('mail tokens', {
  key: secret(
    'AUTH_MAIL_TOKEN_KEY',
    key32(),
    'Derives and hashes the tokens in mails: 32 random bytes, base64.',
  ),
  // Links lead where the operator says, never where a Host header does.
  baseUrl: HttpConfig.settings.baseUrl,
}) {}
