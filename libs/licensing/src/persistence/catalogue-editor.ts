import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { type Actor, Clock, DomainError, newId, SystemDatabase } from '#platform';
import type { LicenseType } from '#sdk/formats';
import type { TermsPatch } from '../domain/terms.js';

export interface ProductRow {
  id: string;
  code: string;
  name: string;
  /** The first part of its keys; null: LICENSE_BRAND. */
  brand: string | null;
  createdAt: Date;
}

export interface PolicyRow {
  id: string;
  product: string;
  code: string;
  name: string;
  tier: LicenseType;
  terms: TermsPatch;
  createdAt: Date;
}

/** Who changes the catalogue, when and why. */
export interface Authorship {
  operator: string;
  reason: string;
  at: Date;
}

export interface CatalogueChangeRow extends Authorship {
  revision: number;
  changes: string[];
}

const UNIQUE_VIOLATION = '23505';

/** How operators change products and policies: as the system role, with a revision and a line in the log for each change. */
@Injectable()
export class CatalogueEditor {
  constructor(
    private readonly database: SystemDatabase,
    private readonly clock: Clock,
  ) {}

  /** Throws 409 `CODE_TAKEN`. */
  async insertProduct(actor: Actor, product: ProductRow): Promise<void> {
    const { id, code, name, brand, createdAt } = product;
    await this.change(actor, `product ${code} added`, (client) =>
      client.query(
        'insert into licensing.products (id, code, name, brand, created_at) values ($1, $2, $3, $4, $5)',
        [id, code, name, brand, createdAt],
      ),
    );
  }

  async updateProduct(actor: Actor, { id, code, name, brand }: ProductRow): Promise<void> {
    await this.change(actor, `product ${code} changed`, (client) =>
      client.query('update licensing.products set name = $2, brand = $3 where id = $1', [id, name, brand]),
    );
  }

  /** Throws 409 `CODE_TAKEN`. */
  async insertPolicy(actor: Actor, policy: PolicyRow & { productId: string }): Promise<void> {
    const { id, productId, product, code, name, tier, terms, createdAt } = policy;
    await this.change(actor, `policy ${product}/${code} added`, (client) =>
      client.query(
        `insert into licensing.policies (id, product_id, code, name, tier, terms, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [id, productId, code, name, tier, JSON.stringify(terms), createdAt],
      ),
    );
  }

  /** Changes a policy by what `change` makes of it, under a lock. Gives the new one, null when there is none. */
  async updatePolicy(
    actor: Actor,
    ref: string,
    change: (old: PolicyRow) => PolicyRow,
  ): Promise<PolicyRow | null> {
    return this.change(actor, `policy ${ref} changed`, async (client) => {
      const { rows } = await client.query<PolicyRow>(`${POLICIES} where ${IS_POLICY} for update of o`, [ref]);
      if (!rows[0]) return null;
      const policy = change(rows[0]);
      await client.query('update licensing.policies set name = $2, tier = $3, terms = $4 where id = $1', [
        policy.id,
        policy.name,
        policy.tier,
        JSON.stringify(policy.terms),
      ]);
      return policy;
    });
  }

  products(): Promise<ProductRow[]> {
    return this.database.query<ProductRow>(`${PRODUCTS} order by code`);
  }

  /** A product by its id or code. */
  async product(ref: string): Promise<ProductRow | null> {
    return (
      (await this.database.query<ProductRow>(`${PRODUCTS} where id = $1 or code = $1`, [ref]))[0] ?? null
    );
  }

  policies(product: string | null): Promise<PolicyRow[]> {
    const which = '$1::text is null or r.code = $1 or r.id = $1';
    return this.database.query<PolicyRow>(`${POLICIES} where ${which} order by r.code, o.code`, [product]);
  }

  /** A policy by `pol_...` or `product/code`. */
  async policy(ref: string): Promise<PolicyRow | null> {
    return (await this.database.query<PolicyRow>(`${POLICIES} where ${IS_POLICY}`, [ref]))[0] ?? null;
  }

  /** The last changes, newest first. */
  log(limit: number): Promise<CatalogueChangeRow[]> {
    return this.database.query<CatalogueChangeRow>(
      'select revision, at, operator, reason, changes from licensing.catalogue_log order by revision desc limit $1',
      [limit],
    );
  }

  /** What `work` writes, with a new revision of the catalogue; nothing when it gives null. */
  private async change<T>(
    actor: Actor,
    what: string,
    work: (client: pg.PoolClient) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.database.transaction(async (client) => {
        // First: whoever changes the catalogue does so one after the other.
        await client.query('select from licensing.catalogue for update');
        const result = await work(client);
        if (result !== null) {
          const by = { operator: actor.id ?? '', reason: actor.reason ?? '', at: this.clock.now() };
          await raiseCatalogue(client, by, [what]);
        }
        return result;
      });
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      throw new DomainError('conflict', 'CODE_TAKEN', 'There is one with this code already.');
    }
  }
}

/** The next revision of the catalogue, and who made it of what. Whoever calls holds its lock. */
export async function raiseCatalogue(
  client: pg.ClientBase,
  by: Authorship,
  changes: readonly string[],
): Promise<void> {
  await client.query(
    `with raised as (update licensing.catalogue set revision = revision + 1 returning revision)
     insert into licensing.catalogue_log (id, revision, at, operator, reason, changes)
     select $5, revision, $1, $2, $3, $4 from raised`,
    [by.at, by.operator, by.reason, JSON.stringify(changes), newId('chg')],
  );
}

const PRODUCTS = 'select id, code, name, brand, created_at as "createdAt" from licensing.products';

const POLICIES = `
  select o.id, r.code as product, o.code, o.name, o.tier, o.terms, o.created_at as "createdAt"
  from licensing.policies o join licensing.products r on r.id = o.product_id`;

const IS_POLICY = `(o.id = $1 or r.code || '/' || o.code = $1)`;
