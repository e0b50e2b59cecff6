import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Log } from '#platform';
import { HashQueue } from './hash-queue.js';
import { verifyImported } from './imported-bcrypt.js';
import { Pepper } from './pepper.js';
import { PasswordsConfig } from './passwords.config.js';

/** How a stored hash is verified: ours, or as the system did that it was imported from. */
export type HashRule = 'argon2id' | 'bcrypt' | 'bcrypt_peppered';

/** A password as it is kept. */
export interface StoredPassword {
  rule: HashRule;
  sealed: Buffer;
  /** One of before, kept so that it is not chosen again. */
  isPast?: boolean;
}

export interface Checked {
  matches: boolean;
  /** What to keep instead, when the password matched and its hash, parameters or key are no longer today's. */
  renewed: StoredPassword | null;
}

/**
 * One spelling of each password: keyboards and systems compose the same characters differently (NIST SP 800-63B-4,
 * 3.1.1.2).
 */
export const normalised = (password: string): string => password.normalize('NFKC');

/** Hashes and checks passwords. Everything that costs a processor waits its turn in the {@link HashQueue}. */
@Injectable()
export class PasswordHasher {
  private readonly options;
  /** A hash of nothing with today's parameters: no password has it, and refusing one takes as long as any. */
  private readonly nobodys: string;

  constructor(
    private readonly config: PasswordsConfig,
    private readonly pepper: Pepper,
    private readonly queue: HashQueue,
    private readonly log: Log,
  ) {
    const { memoryKib: memoryCost, passes: timeCost, lanes: parallelism } = config;
    this.options = { memoryCost, timeCost, parallelism };
    const part = (bytes: number) => randomBytes(bytes).toString('base64').replace(/=+$/, '');
    this.nobodys = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${part(16)}$${part(32)}`;
  }

  /** What to keep of a new password. Throws 503 `BUSY`. */
  async make(owner: string, password: string): Promise<StoredPassword> {
    const made = await this.queue.run(() => hash(normalised(password), this.options));
    return { rule: 'argon2id', sealed: this.pepper.seal(made, owner) };
  }

  /** An imported hash as it is kept until its owner's next login. Throws for what is no bcrypt hash. */
  adopt(owner: string, imported: string, rule: 'bcrypt' | 'bcrypt_peppered'): StoredPassword {
    if (!/^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/.test(imported)) throw new Error('Not a bcrypt hash.');
    return { rule, sealed: this.pepper.seal(imported, owner) };
  }

  /**
   * Whether `password` is the stored one; with nothing stored it takes as long and is not. One of before whose key has
   * left AUTH_PASSWORD_KEYS cannot be told, and is not. Throws 503 `BUSY`, and for a present one without its key.
   */
  async check(owner: string, stored: StoredPassword | null, password: string): Promise<Checked> {
    if (!stored) {
      await this.queue.run(() => verify(this.nobodys, normalised(password)));
      return { matches: false, renewed: null };
    }
    if (stored.isPast && !this.pepper.knows(stored.sealed)) {
      this.log.warn(
        { userId: owner },
        'A remembered password is sealed under a key that has left AUTH_PASSWORD_KEYS: it may be chosen again.',
      );
      return { matches: false, renewed: null };
    }
    const opened = this.pepper.open(stored.sealed, owner);
    const matches = await this.queue.run(() => this.matches(stored.rule, opened, password));
    return { matches, renewed: matches ? await this.renewed(owner, stored, opened, password) : null };
  }

  private matches(rule: HashRule, opened: string, password: string): Promise<boolean> {
    if (rule === 'argon2id') return verify(opened, normalised(password));
    return verifyImported(opened, password, rule === 'bcrypt_peppered' ? this.config.importedPepper : '');
  }

  private async renewed(
    owner: string,
    stored: StoredPassword,
    opened: string,
    password: string,
  ): Promise<StoredPassword | null> {
    if (stored.rule !== 'argon2id' || this.isOutdated(opened)) return this.make(owner, password);
    if (!this.pepper.isOld(stored.sealed)) return null;
    return { rule: 'argon2id', sealed: this.pepper.seal(opened, owner) };
  }

  private isOutdated(opened: string): boolean {
    const made = parseOptions(opened);
    const { memoryCost, timeCost, parallelism } = this.options;
    return made.memoryCost !== memoryCost || made.timeCost !== timeCost || made.parallelism !== parallelism;
  }
}
