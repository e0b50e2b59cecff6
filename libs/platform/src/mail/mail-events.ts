import { z } from 'zod';
import { defineEvent } from '../events/event.js';
import { idOf } from '../ids/ids.js';

/** The mail server has taken a mail to a person. */
export const MailSent = defineEvent(
  'platform.mail.sent',
  1,
  z.strictObject({
    kind: z.enum([
      'welcome',
      'verify_email',
      'reset_password',
      'change_email',
      'password_changed',
      'link_identity',
      'identity_linked',
      'identity_unlinked',
      'new_device',
      'invitation',
      'export_ready',
      'export_failed',
      'deletion_asked',
      'tenant_restored',
      'tenant_deleted',
      'billing_subscribed',
      'billing_trial_ending',
      'billing_payment_failed',
      'billing_restricted',
      'billing_suspended',
      'billing_recovered',
      'billing_ending',
      'billing_resumed',
      'billing_cancelled',
      'billing_paused',
      'billing_refunded',
      'billing_disputed',
      'billing_dispute_closed',
    ]),
    /** null: to somebody who need not be anybody here yet. */
    userId: idOf('usr').nullable(),
    messageId: z.string(),
  }),
);
