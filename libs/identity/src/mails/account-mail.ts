import { IGNORE, type Words, type Written, written } from './written.js';

/** What a mail about an account says; `address_taken` goes to who owns an address that somebody else gave. */
export type AccountMail =
  | { kind: 'verify_email'; token: string }
  | { kind: 'reset_password'; token: string }
  | { kind: 'change_email_old'; token: string; newEmail: string }
  | { kind: 'change_email_new'; token: string }
  | { kind: 'password_changed' }
  | { kind: 'address_taken' };

function wordsOf(mail: AccountMail): Words {
  switch (mail.kind) {
    case 'verify_email':
      return {
        subject: 'Verify your e-mail address',
        paragraphs: ['Somebody, you we hope, has signed up with this address. Verify that it is yours.'],
        link: { page: 'verify', action: 'Verify the address', token: mail.token },
        closing: `The link is good for 24 hours and once. ${IGNORE}`,
      };
    case 'reset_password':
      return {
        subject: 'Set a new password',
        paragraphs: ['Somebody has asked to set a new password for the account with this address.'],
        link: { page: 'reset', action: 'Set a new password', token: mail.token },
        closing: `The link is good for 30 minutes and once, and ends every session. ${IGNORE}`,
      };
    case 'change_email_old':
      return {
        subject: 'Confirm the change of your e-mail address',
        paragraphs: [
          `The address of your account is to become ${mail.newEmail}. Both addresses have to confirm that.`,
        ],
        link: { page: 'verify', action: 'Confirm the change', token: mail.token },
        closing: 'If this was not you, do not confirm, and change your password: somebody knows it.',
      };
    case 'change_email_new':
      return {
        subject: 'Confirm your new e-mail address',
        paragraphs: ['This address is to become that of an account. Confirm that it is yours.'],
        link: { page: 'verify', action: 'Confirm the address', token: mail.token },
        closing: `The link is good for 24 hours and once. ${IGNORE}`,
      };
    case 'password_changed':
      return {
        subject: 'Your password was changed',
        paragraphs: ['The password of your account was changed just now, and other sessions were ended.'],
        closing: 'If this was not you, set a new one at once: ask for it where you sign in.',
      };
    case 'address_taken':
      return {
        subject: 'You have an account already',
        paragraphs: [
          'Somebody, perhaps you, has just given this address for an account, and there is one already.',
          'Sign in to it as before. If you have forgotten how, ask for a new password where you sign in.',
        ],
        closing: 'If this was not you, there is nothing to do: nobody has got into your account.',
      };
  }
}

/** The mail in both forms. */
export const accountMail = (mail: AccountMail, baseUrl: string): Written => written(wordsOf(mail), baseUrl);
