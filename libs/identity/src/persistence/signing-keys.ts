import type { QueryResultRow } from 'pg';
import { Injectable } from '@nestjs/common';
import { newId, SystemDatabase } from '#platform';
import type { KeyState, SigningKey } from '../domain/signing-key.js';
import type { SigningAlgorithm } from '../keys/algorithms.js';

/** Where a private half is. `setting`: in AUTH_SIGNING_KEY. */
export type Keeper = 'setting' | 'file' | 'vault';

export interface SigningKeyRow extends SigningKey {
  algorithm: SigningAlgorithm;
  store: Keeper;
  /** The store's name for it; null once the private half is destroyed, and for the key of the setting. */
  ref: string | null;
  /** The public half, sealed: whoever can write a row still cannot make us trust a key of theirs. */
  publicKey: Buffer;
}

/** Who moves a key by hand, and why; nobody where the calendar or a new setting does. */
export interface KeyMover {
  operator: string;
  reason: string | null;
}

/** One move of a key, as the log has it. */
export interface KeyMoveRow {
  at: Date;
  kid: string;
  state: KeyState;
  operator: string | null;
  reason: string | null;
}

/** One statement, inside or outside of a transaction. */
type Run = <Row extends QueryResultRow>(sql: string, values?: unknown[]) => Promise<Row[]>;

/** The register of signing keys, and with it who signs. The app role may not touch it. */
@Injectable()
export class SigningKeys {
  constructor(private readonly database: SystemDatabase) {}

  /** All that are or were, the oldest first. */
  async all(): Promise<SigningKeyRow[]> {
    return this.database.query<SigningKeyRow & QueryResultRow>(`${SELECT} order by created_at, kid`);
  }

  /** Runs `work` while nobody else changes the register; it is given the keys that are not retired. */
  async change<T>(work: (keys: SigningKeyRow[], register: Register) => Promise<T>): Promise<T> {
    return this.database.transaction(async (client) => {
      const run: Run = async (sql, values) => (await client.query(sql, values)).rows;
      await run('lock table identity.signing_keys in share row exclusive mode');
      const keys = await run<SigningKeyRow & QueryResultRow>(
        `${SELECT} where state <> 'retired' order by created_at, kid`,
      );
      return work(keys, new Register(run));
    });
  }

  /** The last moves, the newest first. */
  async moves(limit: number): Promise<KeyMoveRow[]> {
    return this.database.query<KeyMoveRow & QueryResultRow>(
      'select at, kid, state, operator, reason from identity.signing_key_log order by at desc, id desc limit $1',
      [limit],
    );
  }

  /** The private half of a retired key is gone. */
  async forgetRef(kid: string): Promise<void> {
    await this.database.query(
      `update identity.signing_keys set ref = null where kid = $1 and state = 'retired'`,
      [kid],
    );
  }
}

/** The register while it is locked. */
export class Register {
  constructor(private readonly run: Run) {}

  async insert(key: Omit<SigningKeyRow, 'retiringAt' | 'retiredAt'>): Promise<void> {
    await this.run(
      `insert into identity.signing_keys (kid, algorithm, store, ref, public_key, state, created_at, activated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [key.kid, key.algorithm, key.store, key.ref, key.publicKey, key.state, key.createdAt, key.activatedAt],
    );
  }

  /** Into another state, and into the log. */
  async move(kid: string, state: Exclude<KeyState, 'next'>, now: Date, by?: KeyMover): Promise<void> {
    const column = { active: 'activated_at', retiring: 'retiring_at', retired: 'retired_at' }[state];
    await this.run(`update identity.signing_keys set state = $2, ${column} = $3 where kid = $1`, [
      kid,
      state,
      now,
    ]);
    await this.run(
      'insert into identity.signing_key_log (id, at, kid, state, operator, reason) values ($1, $2, $3, $4, $5, $6)',
      [newId('klg'), now, kid, state, by?.operator ?? null, by?.reason ?? null],
    );
  }
}

const SELECT = `
  select kid, algorithm, store, ref, public_key as "publicKey", state, created_at as "createdAt",
    activated_at as "activatedAt", retiring_at as "retiringAt", retired_at as "retiredAt"
  from identity.signing_keys`;
