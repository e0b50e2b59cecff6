import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { Contract } from '../domain/contract.js';
import { NOTHING, type Standing } from '../domain/standing.js';
import type { StripeFacts } from '../domain/stripe-facts.js';

/** What we know of what a tenant has bought. */
export interface BillingAccount {
  customerId: string | null;
  /** Those before, which were deleted at Stripe. */
  goneCustomers: readonly string[];
  ticket: number;
  facts: StripeFacts | null;
  contract: Contract | null;
  standing: Standing;
  trialUsedAt: Date | null;
  /** Asked for at sign-up. */
  chosenTrialDays: number | null;
  /** Addresses that are written to about money, besides the tenant's own people. */
  contacts: readonly string[];
  revision: number;
  changedAt: Date | null;
  lookedAt: Date | null;
}

/** By so much the clock of whoever hastens may be ahead of that of whoever saves, in ms; far less than a look is put off. */
const BEHIND_MS = 5_000;

const NEW: BillingAccount = {
  customerId: null,
  goneCustomers: [],
  ticket: 0,
  facts: null,
  contract: null,
  standing: NOTHING,
  trialUsedAt: null,
  chosenTrialDays: null,
  contacts: [],
  revision: 0,
  changedAt: null,
  lookedAt: null,
};

type Row = Omit<BillingAccount, 'standing' | 'ticket'> & { standing: Standing | null; ticket: string };

@Injectable()
export class BillingAccounts {
  constructor(private readonly db: Db) {}

  /** The account of the actor's tenant, also when nothing was ever bought. */
  async get(actor: Actor): Promise<BillingAccount> {
    const [row] = await this.db.read<Row>(actor, `${SELECT} where tenant_id = $1`, [actor.tenantId]);
    return row ? accountOf(row) : NEW;
  }

  /** The account of the transaction's tenant, locked; made if it is not there. */
  async lock(now: Date): Promise<BillingAccount> {
    const { tenantId } = this.db.actor;
    await this.db.query(
      'insert into billing.accounts (tenant_id, created_at) values ($1, $2) on conflict do nothing',
      [tenantId, now],
    );
    const [row] = await this.db.query<Row>(`${SELECT} where tenant_id = $1 for update`, [tenantId]);
    return accountOf(row!);
  }

  /**
   * What a look has come to. `dueAt`: when time alone changes something of it. Where a look is due by now it stays so:
   * whoever takes it on puts it off before they look, so it is a wish to look that came after this look.
   */
  async save(account: BillingAccount, now: Date): Promise<void> {
    const { dueAt } = account.standing;
    await this.db.query(
      `update billing.accounts set ticket = $2, facts = $3, standing = $4, trial_used_at = $5, revision = $6,
         changed_at = $7, looked_at = $8, due_attempts = 0, contract = $10,
         due_at = case when customer_id is not null and due_at <= $11 then due_at else $9 end
       where tenant_id = $1`,
      [
        this.db.actor.tenantId,
        account.ticket,
        account.facts && JSON.stringify(account.facts),
        JSON.stringify(account.standing),
        account.trialUsedAt,
        account.revision,
        account.changedAt,
        account.lookedAt,
        dueAt === null ? null : new Date(dueAt),
        account.contract && JSON.stringify(account.contract),
        new Date(now.getTime() + BEHIND_MS),
      ],
    );
  }

  /**
   * From now on the customer is this tenant's, inside a transaction that has locked the account. False when the tenant has
   * another one, or the customer another tenant, or was deleted: what belongs to whom is never changed by an event.
   */
  async link(customerId: string): Promise<boolean> {
    const { tenantId } = this.db.actor;
    const [mine] = await this.db.query<{ id: string | null; gone: string[] }>(
      'select customer_id as id, gone_customers as gone from billing.accounts where tenant_id = $1',
      [tenantId],
    );
    if ((mine?.id ?? customerId) !== customerId || mine?.gone.includes(customerId)) return false;
    await this.db.query(
      'insert into billing.stripe_customers (customer_id, tenant_id) values ($1, $2) on conflict do nothing',
      [customerId, tenantId],
    );
    const [row] = await this.db.query<{ tenant_id: string }>(
      'select tenant_id from billing.stripe_customers where customer_id = $1',
      [customerId],
    );
    // Before anything is written: nobody may open the portal of another's customer.
    if (row?.tenant_id !== tenantId) return false;
    await this.db.query('update billing.accounts set customer_id = $2 where tenant_id = $1', [
      tenantId,
      customerId,
    ]);
    return true;
  }

  async setContacts(emails: readonly string[]): Promise<void> {
    await this.db.query('update billing.accounts set contacts = $2 where tenant_id = $1', [
      this.db.actor.tenantId,
      emails,
    ]);
  }

  /** Of a trial that has not begun. */
  async chooseTrial(days: number): Promise<void> {
    await this.db.query('update billing.accounts set chosen_trial_days = $2 where tenant_id = $1', [
      this.db.actor.tenantId,
      days,
    ]);
  }

  /** The customer was deleted at Stripe: the tenant has none until it needs one, and never that again. Like {@link link}. */
  async letGo(customerId: string): Promise<void> {
    await this.db.query(
      `update billing.accounts set customer_id = null, gone_customers = gone_customers || $2::text
       where tenant_id = $1 and customer_id = $2`,
      [this.db.actor.tenantId, customerId],
    );
  }

  /** Somebody looks at the customer again as soon as a worker is free. */
  async hasten(now: Date): Promise<void> {
    await this.db.query('update billing.accounts set due_at = $2, due_attempts = 0 where tenant_id = $1', [
      this.db.actor.tenantId,
      now,
    ]);
  }

  /** Those of the keys that nothing followed from yet; from now on something has. */
  async newEffects(keys: readonly string[], now: Date): Promise<ReadonlySet<string>> {
    if (keys.length === 0) return new Set();
    const rows = await this.db.query<{ effect_key: string }>(
      `insert into billing.effects (tenant_id, effect_key, at) select $1, unnest($2::text[]), $3
       on conflict do nothing returning effect_key`,
      [this.db.actor.tenantId, keys, now],
    );
    return new Set(rows.map((row) => row.effect_key));
  }

  /** Those of the keys that something has followed from. */
  async effectsThere(actor: Actor, keys: readonly string[]): Promise<ReadonlySet<string>> {
    if (keys.length === 0) return new Set();
    const rows = await this.db.read<{ effect_key: string }>(
      actor,
      'select effect_key from billing.effects where tenant_id = $1 and effect_key = any ($2)',
      [actor.tenantId, keys],
    );
    return new Set(rows.map((row) => row.effect_key));
  }
}

const SELECT = `
  select customer_id as "customerId", gone_customers as "goneCustomers", ticket, facts, contract, standing,
    trial_used_at as "trialUsedAt", chosen_trial_days as "chosenTrialDays", contacts, revision,
    changed_at as "changedAt", looked_at as "lookedAt"
  from billing.accounts`;

const accountOf = (row: Row): BillingAccount => ({
  ...row,
  facts: row.facts && { ...row.facts, charges: row.facts.charges ?? null },
  // A standing of an older release lacks what is newer.
  standing: { ...NOTHING, ...row.standing },
  ticket: Number(row.ticket),
});
