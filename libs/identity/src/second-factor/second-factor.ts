import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, keyedHash } from '#platform';
import { AccountsConfig } from '../accounts/accounts.config.js';
import { AddressHash } from '../accounts/address.js';
import type { CountedAttempt } from '../accounts/counted-attempt.js';
import { TotpFactors } from '../persistence/totp-factors.js';
import { StartSession } from '../use-cases/start-session.js';
import { stepOf } from './totp.js';

const BACKUP_CODES = 10;
/** Without what is read as something else: no 0, 1, i, l, o, u. */
const ALPHABET = '23456789abcdefghjkmnpqrstvwxyz';

/** Six digits of the authenticator, or a backup code. */
export const SecondFactorCode = z
  .string()
  .max(32)
  .transform((text) => text.replace(/[\s-]/g, '').toLowerCase())
  .meta({ example: '123456' });

/** 403 `CODE_INVALID`: wrong, used before, or out of time. */
export const codeInvalid = (): DomainError =>
  new DomainError('forbidden', 'CODE_INVALID', 'The code is wrong, or was used before.');

/** Checks second factors; each code counts once, and guesses count like failed sign-ins. */
@Injectable()
export class SecondFactor {
  constructor(
    private readonly db: Db,
    private readonly factors: TotpFactors,
    private readonly startSession: StartSession,
    private readonly addressHash: AddressHash,
    private readonly config: AccountsConfig,
    private readonly clock: Clock,
  ) {}

  /** Passes for the actor's own code, and uses it up. Throws 403 `CODE_INVALID`, 429 `SIGN_IN_LOCKED`. */
  async check(actor: Actor, code: string): Promise<void> {
    const attempt = await this.guess(actor);
    if (!(await attempt.made(this.take(actor, code)))) {
      await attempt.wrong('wrong_code', actor.id);
      throw codeInvalid();
    }
    await attempt.succeeded();
  }

  /** Whether it is the actor's own code, which is used up by it. Guesses are counted by whoever calls. */
  async take(actor: Actor, code: string): Promise<boolean> {
    const factor = await this.factors.find(actor);
    if (!factor?.isConfirmed) return false;
    const step = stepOf(factor.secret, code, this.clock.now());
    return this.db.transaction(actor, () =>
      step === null ? this.factors.useCode(this.hashOf(actor, code)) : this.factors.useStep(step),
    );
  }

  /** Ten new codes in the clear, to be shown once; those before are gone. Inside the person's transaction. */
  async newBackupCodes(): Promise<string[]> {
    const { actor } = this.db;
    const codes = Array.from({ length: BACKUP_CODES }, () =>
      Array.from({ length: 10 }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
    );
    await this.factors.replaceCodes(codes.map((code) => this.hashOf(actor, code)));
    return codes.map((code) => `${code.slice(0, 5)}-${code.slice(5)}`);
  }

  /** Counts a guess at the actor's code. Throws 429 `SIGN_IN_LOCKED`. */
  guess(actor: Actor): Promise<CountedAttempt> {
    const subject = this.addressHash.of(`second factor of ${actor.id}`);
    return this.startSession.begin(actor, { method: 'totp', subject, whose: async () => actor.id });
  }

  private hashOf(actor: Actor, code: string): Buffer {
    return keyedHash(this.config.addressKey, 'backup-code', actor.id ?? '', code);
  }
}
