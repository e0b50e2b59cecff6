import { DomainError } from '#platform';

/** How long ago somebody may have shown who they are, for what must not be done with a stolen token, in seconds. */
export const STEP_UP_SECONDS = 600;

/** On a route that needs that, by the token alone. */
export const STEP_UP = { maxAgeSeconds: STEP_UP_SECONDS, orBy: [] };

/** On one whose use case takes the password, or a code, with the call itself, and checks it. */
export const STEP_UP_OR_SHOW = {
  ...STEP_UP,
  orBy: ['password', 'current_password', 'code'],
};

/** 403 `REAUTHENTICATION_REQUIRED`. */
export const reauthenticationRequired = (
  message: string,
  details: Record<string, unknown> = {},
): DomainError =>
  new DomainError('forbidden', 'REAUTHENTICATION_REQUIRED', message, {
    details: { maxAgeSeconds: STEP_UP_SECONDS, ...details },
  });
