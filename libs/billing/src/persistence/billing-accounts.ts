import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { Contract } from '../domain/contract.js';
import { NOTHING, type Standing } from '../domain/standing.js';
import type { StripeFacts } from '../domain/stripe-facts.js';

/** What we know of what a tenant has bought. */
export interface BillingAccount {
  customerId: string | null;
  ticket: number;
  facts: StripeFacts | null;
  contract: Contract | null;
  standing: Standing;
  trialUsedAt: Date | null;
  revision: number;
  changedAt: Date | null;
  lookedAt: Date | null;
}

const NEW: BillingAccount = {
  customerId: null,
  ticket: 0,
  facts: null,
  contract: null,
  standing: NOTHING,
  trialUsedAt: null,
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

  /** What a look has come to. `dueAt`: when time alone changes something of it. */
  async save(account: BillingAccount): Promise<void> {
    const { dueAt } = account.standing;
    await this.db.query(
      `update billing.accounts set ticket = $2, facts = $3, standing = $4, trial_used_at = $5, revision = $6,
         changed_at = $7, looked_at = $8, due_at = $9, due_attempts = 0, contract = $10
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
      ],
    );
  }

  /**
   * From now on the customer is this tenant's, inside a transaction that has locked the account. False when the tenant has
   * another one, or the customer another tenant: what belongs to whom is never changed by an event.
   */
  async link(customerId: string): Promise<boolean> {
    const { tenantId } = this.db.actor;
    const [mine] = await this.db.query<{ id: string | null }>(
      'select customer_id as id from billing.accounts where tenant_id = $1',
      [tenantId],
    );
    if ((mine?.id ?? customerId) !== customerId) return false;
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
  select customer_id as "customerId", ticket, facts, contract, standing, trial_used_at as "trialUsedAt", revision,
    changed_at as "changedAt", looked_at as "lookedAt"
  from billing.accounts`;

const accountOf = (row: Row): BillingAccount => ({
  ...row,
  // A standing of an older release lacks what is newer.
  standing: { ...NOTHING, ...row.standing },
  ticket: Number(row.ticket),
});
