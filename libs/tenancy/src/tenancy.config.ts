import { configOf, HttpConfig, key32, secret, setting, whole } from '#platform';

/** Invitations, for the API that takes them and the worker that writes them. */
export class InvitationsConfig extends configOf('invitations', {
  // The same as of the other tokens in mails: what is derived says what it is for.
  key: secret(
    'AUTH_MAIL_TOKEN_KEY',
    key32(),
    'Derives and hashes the tokens in mails: 32 random bytes, base64.',
  ),
  days: setting(
    'INVITATION_DAYS',
    whole(1, 365).default(7),
    'An invitation can be accepted for so many days.',
  ),
  baseUrl: HttpConfig.settings.baseUrl,
}) {}
