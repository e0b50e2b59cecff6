import { DomainError, STEP_UP_SECONDS } from '#platform';

/** On one whose use case takes the password, or a code, with the call itself, and checks it. */
export const STEP_UP_OR_SHOW = {
  maxAgeSeconds: STEP_UP_SECONDS,
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
