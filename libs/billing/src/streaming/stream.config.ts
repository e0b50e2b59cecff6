import { Injectable } from '@nestjs/common';
import {
  amount,
  amountDoc,
  amountsIn,
  configOf,
  flag,
  RuntimeConfig,
  setting,
  type StreamLimits,
  whole,
} from '#platform';

const PER_USER = 5;
const PER_TENANT = 20;

/** The live stream of billing: how long it can be resumed, and how many may be open. */
export class BillingStreamConfig extends configOf('billing stream', {
  heartbeatMs: setting(
    'BILLING_STREAM_HEARTBEAT_MS',
    whole(100, 60_000).default(15_000),
    'How often an open stream shows that it lives, in ms; below what proxies in front wait for.',
  ),
  perUser: setting(
    'BILLING_STREAMS_PER_USER',
    amount(),
    amountDoc('Billing streams that one person has open in an organisation at a time', PER_USER),
  ),
  perTenant: setting(
    'BILLING_STREAMS_PER_TENANT',
    amount(),
    amountDoc('Billing streams that one organisation has open at a time', PER_TENANT),
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
  isOn: setting(
    'BILLING_STREAM',
    flag(true),
    'Whether this worker puts into the billing stream what changes, and forgets what is too old of it; off where others do.',
  ),
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

/** The limits in force: what is set, else what the environment (`ENV`) stands for. */
@Injectable()
export class BillingStreamLimits implements StreamLimits {
  readonly stream = 'billing';
  readonly user: number;
  readonly tenant: number;
  readonly process: number;

  constructor(config: BillingStreamConfig, runtime: RuntimeConfig) {
    const inForce = amountsIn(runtime);
    this.user = inForce(config.perUser, PER_USER);
    this.tenant = inForce(config.perTenant, PER_TENANT);
    this.process = config.perProcess;
  }
}
