import { configOf, setting, whole } from '#platform';

/** The live stream of billing: how long it can be resumed, and how many may be open. */
export class BillingStreamConfig extends configOf('billing stream', {
  heartbeatMs: setting(
    'BILLING_STREAM_HEARTBEAT_MS',
    whole(100, 60_000).default(15_000),
    'How often an open stream shows that it lives, in ms; below what proxies in front wait for.',
  ),
  perUser: setting(
    'BILLING_STREAMS_PER_USER',
    whole(1, 1_000).default(5),
    'Streams that one person may have open at a time in an organisation.',
  ),
  perTenant: setting(
    'BILLING_STREAMS_PER_TENANT',
    whole(1, 10_000).default(20),
    'Streams that one organisation may have open at a time.',
  ),
  perProcess: setting(
    'BILLING_STREAMS_PER_PROCESS',
    whole(1, 100_000).default(2_000),
    'Streams that one process of the API serves at a time.',
  ),
  stalledMs: setting(
    'BILLING_STREAM_STALLED_MS',
    whole(100, 600_000).default(30_000),
    'Who takes nothing of what waits for them for so long is dropped, in ms.',
  ),
}) {}

/** How long what was told can be told again. */
export class BillingStreamKeepConfig extends configOf('billing stream keep', {
  hours: setting(
    'BILLING_STREAM_KEEP_HOURS',
    whole(1, 8_760).default(72),
    'How long events of the billing stream are kept for who comes back, in hours.',
  ),
  events: setting(
    'BILLING_STREAM_KEEP_EVENTS',
    whole(1, 100_000).default(1_000),
    'How many of them are kept for each organisation.',
  ),
}) {}
