import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Log, notFound } from '#platform';
import { isDue, isOver, stillUnheardOf } from '../domain/signing-key.js';
import { KeyScheduleConfig } from '../keys/keys.config.js';
import { type KeyMover, SigningKeys } from '../persistence/signing-keys.js';

/** 409 `KEY_NEXT_MISSING`. */
const nextMissing = () =>
  new DomainError(
    'conflict',
    'KEY_NEXT_MISSING',
    'There is no next signing key: gatehouse-admin keys generate.',
  );

/**
 * Moves signing keys from state to state. It knows their names and nothing else: whoever rotates, the worker
 * first, needs no private half.
 */
@Injectable()
export class RotateKeys {
  constructor(
    private readonly register: SigningKeys,
    private readonly config: KeyScheduleConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * The next key signs from now on. Throws 409 `KEY_NEXT_MISSING`; 409 `KEY_NEXT_TOO_YOUNG` while caches of the JWKS
   * may not have it, unless `atOnce`.
   */
  async execute({ atOnce = false, by }: { atOnce?: boolean; by?: KeyMover } = {}): Promise<{
    active: string;
    retiring: string | null;
  }> {
    const now = this.clock.now();
    const rotated = await this.register.change(async (keys, register) => {
      const next = keys.find((key) => key.state === 'next');
      const active = keys.find((key) => key.state === 'active');
      if (!next) throw nextMissing();
      const seconds = Math.ceil(stillUnheardOf(next, this.config.jwksMaxAge, now) / 1_000);
      if (seconds > 0 && !atOnce)
        throw new DomainError(
          'conflict',
          'KEY_NEXT_TOO_YOUNG',
          `Caches of the JWKS may not have the next key for another ${seconds} s: wait, or say --now.`,
        );
      if (active) await register.move(active.kid, 'retiring', now, by);
      await register.move(next.kid, 'active', now, by);
      return { active: next.kid, retiring: active?.kid ?? null };
    });
    this.log.info({ ...rotated, ...by }, 'Signing keys were rotated.');
    return rotated;
  }

  /** A key that others may have: everything it has signed is refused from now on. Throws 404; see `execute`. */
  async revoke(kid: string, by?: KeyMover): Promise<void> {
    const now = this.clock.now();
    await this.register.change(async (keys, register) => {
      const key = keys.find((one) => one.kid === kid);
      if (!key) throw notFound('signing key');
      const next = keys.find((one) => one.state === 'next');
      if (key.state === 'active' && !next) throw nextMissing();
      await register.move(kid, 'retired', now, by);
      if (key.state === 'active' && next) await register.move(next.kid, 'active', now, by);
    });
    this.log.warn({ kid, ...by }, 'A signing key was revoked.');
  }

  /** What the calendar says: rotates when the active key has served its days, retires what has outlived its tokens. */
  async byCalendar(): Promise<void> {
    const now = this.clock.now();
    const keys = await this.register.all();
    const active = keys.find((key) => key.state === 'active');
    const next = keys.find((key) => key.state === 'next');
    const due = active !== undefined && isDue(active, this.config.rotationDays, now);
    if (due && next && stillUnheardOf(next, this.config.jwksMaxAge, now) === 0) await this.execute();
    if (due && !next) this.log.warn({}, 'The signing key is due, and there is no next one.');
    if (keys.some((key) => key.state === 'retiring' && isOver(key, now))) await this.retire(now);
  }

  private async retire(now: Date): Promise<void> {
    await this.register.change(async (keys, register) => {
      for (const { kid } of keys.filter((key) => key.state === 'retiring' && isOver(key, now))) {
        await register.move(kid, 'retired', now);
        this.log.info({ kid }, 'A signing key has retired: nothing that it signed holds any more.');
      }
    });
  }
}
