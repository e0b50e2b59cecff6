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

/** Both lots stand alike, and of everything that followed there is one. `mayRepeat`: workers were killed while they sent mail. */
export async function reckon(
  stage: BillingStage,
  { ordered, shuffled }: Endured,
  { mayRepeat = false } = {},
): Promise<Reckoned> {
  const sum: Reckoned = { faults: [], notices: 0, changes: 0, licenceChanges: 0, mails: 0, repeated: 0 };
  for (const [at, one] of ordered.entries()) {
    const [expected, found] = await Promise.all([one, shuffled[at]!].map((twin) => standsOf(stage, twin)));
    if (JSON.stringify(expected) !== JSON.stringify(found))
      sum.faults.push(
        `Told in order ${one.tenant.tenant.id} stands ${JSON.stringify(expected)}, its twin ${JSON.stringify(found)}.`,
      );
  }
  for (const twin of [...ordered, ...shuffled]) await reckonEffects(stage, twin, sum, mayRepeat);
  const [left] = await stage.product.query<{ dead: number }>(
    `select (select count(*) from billing.stripe_events where status = 'dead')::int
       + (select count(*) from platform.dead_letters)::int as dead`,
  );
  if (left!.dead > 0) sum.faults.push(`${left!.dead} were parked.`);
  return sum;
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

async function reckonEffects(
  stage: BillingStage,
  { tenant }: Twin,
  sum: Reckoned,
  mayRepeat: boolean,
): Promise<void> {
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
    if (times > 1 && !mayRepeat) wrong(`mailed ${times} times: ${id}`);
    sum.repeated += Math.max(0, times - 1);
  }
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
