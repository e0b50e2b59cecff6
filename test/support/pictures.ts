/**
 * Which page each picture is of. A test that looks at a page names one of these, and each page that a browser may open has
 * one at least: test/journeys/pages-forgery.spec.ts holds the two against the routes.
 */
export const PICTURES = {
  '/account': ['account', 'account-unverified', 'account-two'],
  '/consent': ['consent', 'consent-changed', 'consent-gone'],
  '/device': ['device', 'device-unknown', 'device-asks', 'device-done', 'device-elsewhere'],
  '/device/answer': ['device-changed'],
  '/invite': ['invite-token', 'invite-declined'],
  '/invite/open': ['invite', 'invite-accept', 'invite-other'],
  '/link-identity': ['link-identity'],
  '/login': ['login', 'login-refused'],
  '/login/authenticator': ['login-authenticator', 'backup-codes'],
  '/login/back': ['provider-link-required', 'provider-refused'],
  '/login/code': ['login-code'],
  '/login/organization': ['no-organisation'],
  '/logout': ['logout', 'form-refused'],
  '/reset': ['reset'],
  '/reset/password': ['reset-weak'],
  '/signup': [
    'signup',
    'signup-empty',
    'signup-weak',
    'signup-newcomer',
    'signup-invited-provider',
    'signup-invited-other',
  ],
  '/signup/invited': ['signup-invited'],
  '/verify': ['verify', 'verified'],
} as const;

export type Picture = (typeof PICTURES)[keyof typeof PICTURES][number];

/** The page that a picture is of. */
export const pageOf = (picture: Picture): string =>
  Object.entries(PICTURES).find(([, names]) => (names as readonly string[]).includes(picture))?.[0] ?? '';
