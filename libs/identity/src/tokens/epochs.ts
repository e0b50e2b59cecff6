import { Injectable } from '@nestjs/common';
import { Clock } from '#platform';
import { REMEMBER_MS } from '../sessions/ended-sessions.js';

/** About 15 MB. */
export const MAX_EPOCHS = 100_000;

/**
 * In which epoch those are from whom something was taken while access tokens of before still live, as this process knows
 * them. Asked on each request with such a token, so it is memory, and bounded: when it is full it forgets the oldest
 * and refuses every token as old as that instead. Whoever is refused so asks for another one.
 */
@Injectable()
class Epochs {
  private readonly epochs = new Map<string, { epoch: number; heardAt: number }>();
  /** Tokens issued until then are refused, in seconds of Unix time. */
  private horizon = 0;

  constructor(private readonly clock: Clock) {}

  note(id: string, epoch: number, max = MAX_EPOCHS): void {
    const known = this.epochs.get(id)?.epoch ?? 0;
    if (known >= epoch) return;
    // Removed first, so that the oldest stays in front.
    this.epochs.delete(id);
    this.epochs.set(id, { epoch, heardAt: this.clock.now().getTime() });
    this.forget(max);
  }

  /** Whether an access token is of an epoch that is over, by whose it is, its epoch and its iat in seconds. */
  isOver(id: string, epoch: number, issuedAt: number): boolean {
    return epoch < (this.epochs.get(id)?.epoch ?? 0) || issuedAt <= this.horizon;
  }

  private forget(max: number): void {
    const past = this.clock.now().getTime() - REMEMBER_MS;
    for (const [id, { heardAt }] of this.epochs) {
      const full = this.epochs.size > max;
      if (heardAt > past && !full) return;
      this.epochs.delete(id);
      if (heardAt > past) this.horizon = Math.max(this.horizon, Math.ceil(heardAt / 1_000));
    }
  }
}

/** Those of service accounts, by their ids. */
@Injectable()
export class ServiceEpochs extends Epochs {}

/** Those of people in a tenant, by {@link memberKey}. */
@Injectable()
export class MemberEpochs extends Epochs {}

/** A person in a tenant: what is taken from them there holds elsewhere. */
export const memberKey = (tenantId: string, userId: string): string => `${tenantId} ${userId}`;
