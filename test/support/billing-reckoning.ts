import { succeed } from './person.js';
import { part } from './environment.js';
import type { BillingStage } from './billing-stage.js';
import type { Endured, Twin } from './billing-ordeal.js';

/** What is wrong, in words; and what there was of each effect, so that nothing is proved by nothing. */
export interface Reckoned {
  faults: string[];
  notices: number;
  changes: number;
  licenceChanges: number;
  mails: number;
  /** Mails that came a second time under the same Message-ID. */
  repeated: number;
}

interface Standing {
  state: string;
  unpaid: { since: number; amountDue: number } | null;
}

/** What a state cannot have been entered without. */
const TOLD: Record<string, string> = {
  trial: 'subscribed',
  active: 'subscribed',
  ending: 'ending',
  grace: 'payment_failed',
  restricted: 'restricted',
  suspended: 'suspended',
  cancelled: 'cancelled',
};

/** Seats of the plan that the script buys, and what is bought beyond them. */
const PLAN_SEATS = 5;

/**
 * Every event that was told was decided about, both lots stand alike and as Stripe has them, and of everything that
 * followed there is one. Of mails to the shuffled lot at most `repeats` may have come twice: workers that were killed
 * between a mail and the note that it was sent.
 */
export async function reckon(
  stage: BillingStage,
  { ordered, shuffled, told }: Endured,
  { repeats = 0 } = {},
): Promise<Reckoned> {
  const sum: Reckoned = { faults: [], notices: 0, changes: 0, licenceChanges: 0, mails: 0, repeated: 0 };
  for (const [at, one] of ordered.entries()) {
    const [expected, found] = await Promise.all([one, shuffled[at]!].map((twin) => standsOf(stage, twin)));
    if (JSON.stringify(expected) !== JSON.stringify(found))
      sum.faults.push(
        `Told in order ${one.tenant.tenant.id} stands ${JSON.stringify(expected)}, its twin ${JSON.stringify(found)}.`,
      );
  }
  for (const twin of ordered) await reckonEffects(stage, twin, sum);
  if (sum.repeated > 0) sum.faults.push(`${sum.repeated} mails came twice, and nobody was killed.`);
  for (const twin of shuffled) {
    await reckonSeats(stage, twin, sum);
    await reckonEffects(stage, twin, sum);
  }
  if (sum.repeated > repeats) sum.faults.push(`${sum.repeated} mails came twice, at most ${repeats} may.`);
  await reckonEvents(stage, told, sum);
  const [left] = await stage.product.query<{ dead: number }>(
    `select (select count(*) from billing.stripe_events where status = 'dead')::int
       + (select count(*) from platform.dead_letters)::int as dead`,
  );
  if (left!.dead > 0) sum.faults.push(`${left!.dead} were parked.`);
  return sum;
}

/** None of them was lost or left. */
async function reckonEvents(stage: BillingStage, ids: readonly string[], sum: Reckoned): Promise<void> {
  const rows = await stage.product.query<{
    id: string;
    type: string;
    status: string;
    failure: string | null;
  }>('select id, type, status, failure from billing.stripe_events where id = any ($1)', [ids]);
  const stored = new Set(rows.map((one) => one.id));
  const lost = ids.filter((id) => !stored.has(id));
  if (lost.length > 0) sum.faults.push(`Never stored: ${lost.slice(0, 5).join()} and so on, ${lost.length}.`);
  for (const { id, type, status, failure } of rows) {
    // Of a type that changes nothing: that says no more.
    const isIgnored = status === 'ignored' && failure === null;
    if (status !== 'applied' && !isIgnored) sum.faults.push(`${id} (${type}) is ${status}: ${failure}.`);
  }
}

/** It has what Stripe says it has. */
async function reckonSeats(stage: BillingStage, { tenant, customer }: Twin, sum: Reckoned): Promise<void> {
  const extra = await customer.extraSeats();
  const [row] = await stage.product.query<{ seats: number | null }>(
    `select (standing -> 'seats')::int as seats from billing.accounts where tenant_id = $1`,
    [tenant.tenant.id],
  );
  const due = extra === null ? row?.seats : PLAN_SEATS + extra;
  if (row?.seats !== due)
    sum.faults.push(`${tenant.tenant.id} has ${row?.seats} seats, and ${due} at Stripe.`);
}

/** Without what tells twins apart: their ids, and how often they changed. */
async function standsOf(stage: BillingStage, { tenant }: Twin): Promise<unknown> {
  const [row] = await stage.product.query<{ standing: Standing & Record<string, unknown>; purchase: object }>(
    `select a.standing, l.tier, l.status, l.purchase - 'revision' as purchase
     from billing.accounts a join licensing.licenses l using (tenant_id) where tenant_id = $1`,
    [tenant.tenant.id],
  );
  const { data } = await succeed<{ data: { tier: string; max_seats: number; status: string }[] }>(
    `${stage.product.v1}/licenses`,
    { bearer: tenant.access_token },
  );
  const { standing, ...licence } = row!;
  const { unpaid } = standing;
  return {
    ...standing,
    subscriptionId: null,
    unpaid: unpaid && [unpaid.since, unpaid.amountDue],
    ...licence,
    seats: data.map((one) => [one.tier, one.max_seats, one.status]),
  };
}

interface Followed {
  id: string;
  name: string;
  payload: { key?: string; kind?: string; revision?: number; from?: string; to?: string };
}

async function reckonEffects(stage: BillingStage, { tenant }: Twin, sum: Reckoned): Promise<void> {
  const tenantId = tenant.tenant.id;
  const wrong = (what: string) => sum.faults.push(`${tenantId}: ${what}`);
  const events = await stage.product.query<Followed>(
    `select id, name, payload from platform.outbox where tenant_id = $1 and name in
       ('billing.notice.raised', 'billing.subscription.changed', 'licensing.license.plan_changed')
     order by recorded_at, id`,
    [tenantId],
  );
  const named = (name: string) => events.filter((one) => one.name === name);

  const notices = named('billing.notice.raised');
  for (const key of doubled(notices.map((one) => one.payload.key!))) wrong(`told twice: ${key}`);
  const [account] = await stage.product.query<{ standing: Standing; revision: number }>(
    'select standing, revision from billing.accounts where tenant_id = $1',
    [tenantId],
  );
  const told = TOLD[account!.standing.state];
  if (told && !notices.some((one) => one.payload.kind === told)) wrong(`never told: ${told}`);

  const changes = named('billing.subscription.changed');
  const revisions = changes.map((one) => one.payload.revision!).sort((a, b) => a - b);
  const all = Array.from({ length: account!.revision }, (_, at) => at + 1);
  if (revisions.join() !== all.join()) wrong(`its changes are ${revisions.join()}, not 1 to ${all.length}`);

  const handled = await stage.product.query<{ n: number }>(
    `select count(*)::int as n from platform.inbox
     where tenant_id = $1 and subscription = 'licensing.follow-subscription' and done_at is not null`,
    [tenantId],
  );
  if (handled[0]!.n !== changes.length) wrong(`its licence followed ${handled[0]!.n} of ${changes.length}`);
  const plans = named('licensing.license.plan_changed');
  plans.forEach(({ payload }, at) => {
    const before = plans[at - 1]?.payload.to ?? 'FREE';
    if (payload.from !== before) wrong(`its licence went from ${payload.from}, and was ${before}`);
  });

  const mails = await mailIds(tenant.user.email);
  const sent = notices.map((one) => `<${one.id}.${tenant.user.id}@gatehouse>`);
  for (const id of sent) {
    const times = mails.filter((one) => one === id).length;
    if (times === 0) wrong(`never mailed: ${id}`);
    sum.repeated += Math.max(0, times - 1);
  }
  const [trail] = await stage.product.query<{ n: number }>(
    `select count(*)::int as n from audit.entries where tenant_id = $1 and action = 'SUBSCRIPTION_CHANGED'`,
    [tenantId],
  );
  if (trail!.n !== changes.length) wrong(`its trail has ${trail!.n} of ${changes.length} changes`);
  sum.notices += notices.length;
  sum.changes += changes.length;
  sum.licenceChanges += plans.length;
  sum.mails += sent.length;
}

async function mailIds(email: string): Promise<string[]> {
  const { origin } = new URL(part('MAIL_URL'));
  const mails = await succeed<{ message_id: string }[]>(
    `${origin}/messages.json?to=${encodeURIComponent(email)}`,
  );
  return mails.map((one) => one.message_id);
}

const doubled = (all: readonly string[]): string[] => all.filter((one, at) => all.indexOf(one) !== at);
