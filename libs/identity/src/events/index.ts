import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

export const UserRegistered = defineEvent(
  'identity.user.registered',
  1,
  z.strictObject({ userId: idOf('usr'), provider: z.string() }),
);

export const SessionStarted = defineEvent(
  'identity.session.started',
  1,
  z.strictObject({ sessionId: idOf('ses'), userId: idOf('usr'), provider: z.string() }),
);

export const SessionRefreshed = defineEvent(
  'identity.session.refreshed',
  1,
  z.strictObject({ sessionId: idOf('ses'), userId: idOf('usr') }),
);

export const SESSION_ENDS = ['logout', 'logout_all', 'refresh_reuse'] as const;

export const SessionEnded = defineEvent(
  'identity.session.ended',
  1,
  z.strictObject({ sessionId: idOf('ses'), userId: idOf('usr'), reason: z.enum(SESSION_ENDS) }),
);
