import { DomainError } from '#platform';

/** How long ago somebody may have shown who they are, for what must not be done with a stolen token, in seconds. */
export const STEP_UP_SECONDS = 600;

/** On a route that needs that: by the token's auth_time, or by the password in the call itself. */
export const STEP_UP = {
  maxAgeSeconds: STEP_UP_SECONDS,
  orBy: ['password', 'current_password'],
};

/** 403 `REAUTHENTICATION_REQUIRED`. */
export const reauthenticationRequired = (
  message: string,
  details: Record<string, unknown> = {},
): DomainError =>
  new DomainError('forbidden', 'REAUTHENTICATION_REQUIRED', message, {
    details: { maxAgeSeconds: STEP_UP_SECONDS, ...details },
  });
