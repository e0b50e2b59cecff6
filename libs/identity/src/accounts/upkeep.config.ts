import { configOf, setting, whole } from '#platform';

/** What the worker forgets, and when. */
export class AccountUpkeepConfig extends configOf('account upkeep', {
  loginEventsDays: setting(
    'AUTH_LOGIN_EVENTS_DAYS',
    whole(1, 3_650).default(365),
    'Attempts to sign in are kept for so many days; they go by whole months, so up to a month longer.',
  ),
  unverifiedDays: setting(
    'AUTH_UNVERIFIED_DAYS',
    whole(0, 3_650).default(30),
    'Accounts by password whose address nobody has verified for so many days are deleted; 0 keeps them.',
  ),
}) {}
