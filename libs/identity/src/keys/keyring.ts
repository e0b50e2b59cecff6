import { createPublicKey, type KeyObject } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, ConfigError, DomainError, Log, SealedBox } from '#platform';
import { HEARD_WITHIN_MS, since } from '../domain/signing-key.js';
import { type SigningKeyRow, SigningKeys } from '../persistence/signing-keys.js';
import { type SigningAlgorithm, signWith } from './algorithms.js';
import { KeyMaker, publicContext } from './key-maker.js';
import { KeyStore } from './key-store.js';
import { KeysConfig } from './keys.config.js';

/** A key of the ring, its public half ready for use. */
export interface RingKey {
  kid: string;
  algorithm: SigningAlgorithm;
  state: 'next' | 'active' | 'retiring';
  publicKey: KeyObject;
}

/** What was in the register at one moment. Never changes; another moment is another object. */
export interface KeySet {
  /** By kid; next, active and retiring. */
  keys: ReadonlyMap<string, RingKey>;
  /** When the last of them came, or came into its state. */
  changedAt: Date;
}

const PLACES: Readonly<Record<SigningKeyRow['store'], string>> = {
  setting: 'an earlier AUTH_SIGNING_KEY',
  file: 'a directory that AUTH_KEYS_DIR does not name',
  vault: 'a Vault that AUTH_VAULT_ADDR does not name',
};

/** Tokens under an unknown key make a process look into the register, this often at most, in ms. */
const LOOK_EVERY_MS = 250;

/** The signing keys of the product as this process knows them, and the hand that signs. */
@Injectable()
export class Keyring implements OnModuleInit {
  private rows: SigningKeyRow[] = [];
  private set: KeySet = { keys: new Map(), changedAt: new Date(0) };
  private fingerprint = '';
  private readonly opened = new Map<string, KeyObject>();
  private readonly held = new Set<string>();
  private readonly missing = new Set<string>();
  private lookedAt = 0;
  private loading: Promise<unknown> = Promise.resolve();
  private nextLook?: Promise<void>;

  constructor(
    private readonly config: KeysConfig,
    private readonly register: SigningKeys,
    private readonly maker: KeyMaker,
    @Inject(KeyStore) private readonly store: KeyStore | null,
    private readonly box: SealedBox,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Throws ConfigError when this process holds no key that may sign. */
  async onModuleInit(): Promise<void> {
    await this.maker.first();
    await this.load();
    const active = this.rows.find((row) => row.state === 'active');
    if (active && !this.signing())
      throw new ConfigError([
        `AUTH_SIGNING_KEY: the active key is ${active.kid}, in ${PLACES[active.store]}.`,
      ]);
  }

  /** The keys that others may know: next, active, retiring. */
  get published(): KeySet {
    return this.set;
  }

  /** The key that signs now. Throws 503 `UNAVAILABLE` when this process holds none that may. */
  get signer(): RingKey {
    const row = this.signing();
    const key = row && this.set.keys.get(row.kid);
    if (key) return key;
    throw new DomainError('unavailable', 'UNAVAILABLE', 'Tokens cannot be signed now; try again.', {
      retryAfterSeconds: 5,
      cause: 'no signing key that may be used',
    });
  }

  /** A JWS signature by a key of the ring. Throws 503 `UNAVAILABLE` when its store does not answer. */
  async sign(kid: string, bytes: Buffer): Promise<Buffer> {
    const row = this.rows.find((one) => one.kid === kid);
    if (row?.store === 'setting' && this.config.signingKey)
      return signWith(row.algorithm, this.config.signingKey, bytes);
    if (!row?.ref || row.store !== this.store?.name) throw new Error(`This process does not hold ${kid}.`);
    return this.store.sign(row.ref, row.algorithm, bytes);
  }

  /**
   * Looks into the register for a key that this process has not heard of. Many who ask at once share a look, and
   * nobody is given one that began before they asked.
   */
  learn(): Promise<void> {
    this.nextLook ??= (async () => {
      await pause(Math.max(0, this.lookedAt + LOOK_EVERY_MS - performance.now()));
      this.nextLook = undefined;
      await this.load();
    })();
    return this.nextLook;
  }

  /** Reads the register. One at a time: an older reading must not come after a newer one. */
  load(): Promise<void> {
    const loading = this.loading.then(() => this.read());
    this.loading = loading.catch(() => undefined);
    return loading;
  }

  private async read(): Promise<void> {
    this.lookedAt = performance.now();
    const all = await this.register.all();
    const rows = all.filter((row) => row.state !== 'retired');
    await Promise.all(rows.map((row) => this.look(row)));
    this.rows = rows;
    const fingerprint = rows.map((row) => `${row.kid} ${row.state} ${since(row).getTime()}`).join();
    if (fingerprint === this.fingerprint) return;
    this.fingerprint = fingerprint;
    const keys = rows.map(({ kid, algorithm, state, publicKey }): [string, RingKey] => [
      kid,
      { kid, algorithm, state: state as RingKey['state'], publicKey: this.open(kid, publicKey) },
    ]);
    // A key that retires changes what is published, too.
    const changedAt = new Date(Math.max(0, ...all.map((row) => since(row).getTime())));
    this.set = { keys: new Map(keys), changedAt };
  }

  /** The active key if this process holds it; else the last one, as long as the others count on that. */
  private signing(): SigningKeyRow | undefined {
    const active = this.rows.find((row) => row.state === 'active');
    if (active && this.held.has(active.kid)) return active;
    const recently = this.clock.now().getTime() - HEARD_WITHIN_MS;
    return this.rows
      .filter((row) => row.state === 'retiring' && (row.retiringAt?.getTime() ?? 0) > recently)
      .findLast((row) => this.held.has(row.kid));
  }

  private async look({ kid, state, store, ref }: SigningKeyRow): Promise<void> {
    if (this.held.has(kid)) return;
    if (await this.holds(kid, store, ref)) this.held.add(kid);
    else if (state !== 'retiring' && !this.missing.has(kid)) {
      this.missing.add(kid);
      this.log.warn({ kid, store }, 'A signing key is not where this process looks; it cannot sign with it.');
    }
  }

  private async holds(kid: string, store: SigningKeyRow['store'], ref: string | null): Promise<boolean> {
    if (store === 'setting') return this.maker.settingKid === kid;
    if (store !== this.store?.name || !ref) return false;
    // A store that is away now may be back when the key is needed.
    return this.store.holds(ref).catch(() => true);
  }

  private open(kid: string, sealed: Buffer): KeyObject {
    const known = this.opened.get(kid);
    if (known) return known;
    const der = this.box.open(sealed, publicContext(kid));
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    this.opened.set(kid, key);
    return key;
  }
}
