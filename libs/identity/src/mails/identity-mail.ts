import { IGNORE, type Words, type Written, written } from './written.js';

/** What a mail about a way to sign in says. */
export type IdentityMail =
  | { kind: 'link_identity'; provider: string; token: string }
  | { kind: 'identity_linked'; provider: string }
  | { kind: 'identity_unlinked'; provider: string };

const NAMES: Readonly<Record<string, string>> = {
  'google.com': 'Google',
  'github.com': 'GitHub',
  'microsoft.com': 'Microsoft',
  'apple.com': 'Apple',
};

/** A provider as people call it. */
const nameOf = (provider: string): string => NAMES[provider] ?? provider;

function wordsOf(mail: IdentityMail): Words {
  const name = nameOf(mail.provider);
  switch (mail.kind) {
    case 'link_identity':
      return {
        subject: `Sign in with ${name}?`,
        paragraphs: [
          `Somebody, you we hope, has signed in with the ${name} account that has this address.`,
          `Link it, and it becomes a way to sign in to your account. Then sign in with ${name} once more.`,
        ],
        link: { page: 'link-identity', action: `Link the ${name} account`, token: mail.token },
        closing: `The link is good for 30 minutes and once. ${IGNORE}`,
      };
    case 'identity_linked':
      return {
        subject: `You can sign in with ${name} now`,
        paragraphs: [`A ${name} account was linked to your account just now, as a way to sign in.`],
        closing:
          'If this was not you, remove it at once from the ways to sign in, and set a new password: somebody was in your account.',
      };
    case 'identity_unlinked':
      return {
        subject: `${name} is no way to sign in any more`,
        paragraphs: [`A ${name} account was removed from the ways to sign in to your account just now.`],
        closing: 'If this was not you, set a new password at once: somebody was in your account.',
      };
  }
}

/** The mail in both forms. */
export const identityMail = (mail: IdentityMail, baseUrl: string): Written => written(wordsOf(mail), baseUrl);
