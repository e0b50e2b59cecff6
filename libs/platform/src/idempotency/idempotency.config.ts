import { configOf, setting, whole } from '../config/config.js';

/** How long answers to calls with an Idempotency-Key are kept. */
export class IdempotencyConfig extends configOf(
  'idempotency',
  {
    ttlSeconds: setting(
      'IDEMPOTENCY_TTL_SECONDS',
      whole(1, 604_800).default(86_400),
      'How long an answer is replayed to calls with the same Idempotency-Key; 24 h unless set.',
    ),
    leaseSeconds: setting(
      'IDEMPOTENCY_LEASE_SECONDS',
      whole(1, 600).default(30),
      'How long a key stays in flight after the process that worked on it was killed; renewed while it lives.',
    ),
    maxBytes: setting(
      'IDEMPOTENCY_MAX_BYTES',
      whole(1_024, 1_048_576).default(65_536),
      'The largest answer that is kept; repeating a call with a larger one is refused with 409.',
    ),
  },
  (values) =>
    values.leaseSeconds > values.ttlSeconds
      ? ['IDEMPOTENCY_LEASE_SECONDS: it must not be longer than IDEMPOTENCY_TTL_SECONDS.']
      : [],
) {}
