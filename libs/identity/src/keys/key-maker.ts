import { createPublicKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, ConfigError, DomainError, Log, SealedBox } from '#platform';
import { type Keeper, type Register, SigningKeys } from '../persistence/signing-keys.js';
import { algorithmOf, type SigningAlgorithm, thumbprintOf } from './algorithms.js';
import { KeyStore } from './key-store.js';
import { KeysConfig } from './keys.config.js';

/** Brings keys into the register. Only processes that may hold private halves have it. */
@Injectable()
export class KeyMaker {
  /** The name of the key in AUTH_SIGNING_KEY; null without one. */
  readonly settingKid: string | null;

  constructor(
    private readonly config: KeysConfig,
    private readonly register: SigningKeys,
    @Inject(KeyStore) private readonly store: KeyStore | null,
    private readonly box: SealedBox,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.settingKid = config.signingKey ? thumbprintOf(createPublicKey(config.signingKey)) : null;
  }

  /**
   * Sees to it that there is a key to begin with: AUTH_SIGNING_KEY, else one that the store makes. Where there is
   * no store, another AUTH_SIGNING_KEY than before takes over, and what the old one signed holds until it expires.
   */
  async first(): Promise<void> {
    await this.register.change(async (keys, register) => {
      const active = keys.find((key) => key.state === 'active');
      const { signingKey } = this.config;
      if (!signingKey) {
        if (!active) await this.make(register, this.config.algorithm, 'active');
        return;
      }
      if (active && (this.store || active.kid === this.settingKid)) return;
      const known = (await this.register.all()).some((key) => key.kid === this.settingKid);
      if (known) return;
      if (active) await register.move(active.kid, 'retiring', this.clock.now());
      await this.insert(register, createPublicKey(signingKey), 'setting', null, 'active');
    });
  }

  /** A next key, published from now on. Throws 409 `KEY_NEXT_EXISTS`, 409 `KEY_STORE_MISSING`, 503. */
  async next(algorithm: SigningAlgorithm = this.config.algorithm): Promise<string> {
    return this.register.change(async (keys, register) => {
      const next = keys.find((key) => key.state === 'next');
      if (next)
        throw new DomainError('conflict', 'KEY_NEXT_EXISTS', `The next signing key is there: ${next.kid}.`);
      return this.make(register, algorithm, 'next');
    });
  }

  /** Makes the next key where there is none; false when there is one, or no store that could make it. */
  async keepOneAhead(): Promise<boolean> {
    if (!this.store || (await this.register.all()).some((key) => key.state === 'next')) return false;
    return this.register.change(async (keys, register) => {
      if (keys.some((key) => key.state === 'next')) return false;
      await this.make(register, this.config.algorithm, 'next');
      return true;
    });
  }

  /** Destroys the private halves of retired keys. */
  async destroyRetired(): Promise<void> {
    for (const { kid, state, store, ref } of await this.register.all()) {
      if (state !== 'retired' || !ref || store !== this.store?.name) continue;
      await this.store.destroy(ref);
      await this.register.forgetRef(kid);
      this.log.info({ kid }, 'The private half of a retired signing key was destroyed.');
    }
  }

  private async make(
    register: Register,
    algorithm: SigningAlgorithm,
    state: 'next' | 'active',
  ): Promise<string> {
    if (!this.store)
      throw new DomainError(
        'conflict',
        'KEY_STORE_MISSING',
        'There is no store for new signing keys: set AUTH_KEYS_DIR or AUTH_VAULT_ADDR.',
      );
    const { ref, publicKey } = await this.store.generate(algorithm).catch((error: unknown) => {
      throw storeFault(this.store!.name, error);
    });
    if (algorithmOf(publicKey) !== algorithm)
      throw new Error(`The store made another key than ${algorithm}.`);
    return this.insert(register, publicKey, this.store.name, ref, state);
  }

  private async insert(
    register: Register,
    publicKey: KeyObject,
    store: Keeper,
    ref: string | null,
    state: 'next' | 'active',
  ): Promise<string> {
    const kid = thumbprintOf(publicKey);
    const algorithm = algorithmOf(publicKey);
    if (!algorithm) throw new Error('A key of no algorithm of ours.');
    const now = this.clock.now();
    const sealed = this.box.seal(publicKey.export({ format: 'der', type: 'spki' }), publicContext(kid));
    await register.insert({
      kid,
      algorithm,
      store,
      ref,
      publicKey: sealed,
      state,
      createdAt: now,
      activatedAt: state === 'active' ? now : null,
    });
    this.log.info({ kid, algorithm, store, state }, 'A signing key is in the register.');
    return kid;
  }
}

/** Binds a sealed public half to its name in the register. */
export const publicContext = (kid: string) => `signing-key-public:${kid}`;

/** A store that cannot be used is told to whoever starts or commands; the refusal for callers would say nothing. */
function storeFault(store: 'file' | 'vault', error: unknown): ConfigError {
  const { cause, message } = error as Error;
  const why = cause instanceof Error ? cause.message : message;
  return new ConfigError([
    `${store === 'file' ? 'AUTH_KEYS_DIR' : 'AUTH_VAULT_ADDR'}: no key can be made: ${why}`,
  ]);
}
