import { configOf, list, setting, whole } from '../config/config.js';

/** How the event bus moves: the relay, the consumer, the sweeper. All times in ms unless the name says otherwise. */
export class EventsConfig extends configOf(
  'events',
  {
    subscriptions: setting(
      'WORKER_SUBSCRIPTIONS',
      list().default(['*']),
      'What of the work that follows from events this worker does: names of subscriptions, with * for any letters and ! before what is left out, separated by commas. What no worker does waits.',
    ),
    concurrency: setting(
      'WORKER_CONCURRENCY',
      whole(1, 200).default(8),
      'Events a worker handles at a time; at most DATABASE_POOL_SIZE, because each may hold a connection.',
    ),
    shutdownMs: setting(
      'WORKER_SHUTDOWN_MS',
      whole(0, 600_000).default(20_000),
      'How long a worker that was told to stop waits for the handlers it has begun.',
    ),
    pollMs: setting(
      'OUTBOX_POLL_MS',
      whole(10, 60_000).default(150),
      'How often a relay with nothing to do looks into the outbox.',
    ),
    batchSize: setting(
      'OUTBOX_BATCH_SIZE',
      whole(1, 5_000).default(200),
      'Events a relay publishes at a time.',
    ),
    keepDays: setting(
      'OUTBOX_KEEP_DAYS',
      whole(1, 3_650).default(30),
      'Days that handled events are kept, in whole weeks; unhandled ones and dead letters stay.',
    ),
    maxAttempts: setting(
      'EVENTS_MAX_ATTEMPTS',
      whole(1, 1_000).default(12),
      'Attempts of a subscription at an event, crashes counted, before it becomes a dead letter.',
    ),
    retryMs: setting(
      'EVENTS_RETRY_MS',
      whole(1, 600_000).default(1_000),
      'The wait before the second attempt; each further wait is three times as long.',
    ),
    retryMaxMs: setting(
      'EVENTS_RETRY_MAX_MS',
      whole(1, 86_400_000).default(3_600_000),
      'The longest wait between two attempts.',
    ),
    claimMs: setting(
      'EVENTS_CLAIM_MS',
      whole(500, 3_600_000).default(15_000),
      'How long an effect (a mail, a webhook) of a crashed worker stays reserved for it; renewed while it runs.',
    ),
    lockMs: setting(
      'EVENTS_LOCK_MS',
      whole(500, 600_000).default(10_000),
      'How long a job of a crashed worker stays locked; renewed while it runs.',
    ),
    stalledMs: setting(
      'EVENTS_STALLED_MS',
      whole(100, 600_000).default(5_000),
      'How often the jobs of crashed workers are looked for.',
    ),
    sweepMs: setting('EVENTS_SWEEP_MS', whole(100, 3_600_000).default(5_000), 'How often the sweeper looks.'),
    sweepAfterMs: setting(
      'EVENTS_SWEEP_AFTER_MS',
      whole(100, 86_400_000).default(15_000),
      'How long after its publishing an event that is not handled is looked for in Redis, and added again.',
    ),
  },
  (values) =>
    values.stalledMs < values.lockMs ? [] : ['EVENTS_STALLED_MS: it must be less than EVENTS_LOCK_MS.'],
) {}
