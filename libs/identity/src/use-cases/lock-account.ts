import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import { AddressHash, EmailAddress } from '../accounts/address.js';
import { Lockout } from '../accounts/lockout.js';

export const LockAccountInput = z.strictObject({
  email: EmailAddress,
  seconds: z.int().min(1).max(86_400),
});

/** Makes an address wait as if somebody had guessed at it, but for networks that its owner is known in. Operators only. */
@Injectable()
export class LockAccount {
  constructor(
    private readonly lockout: Lockout,
    private readonly addressHash: AddressHash,
  ) {}

  async execute(actor: Actor, { email, seconds }: z.output<typeof LockAccountInput>): Promise<void> {
    actor.must('operator:users');
    await this.lockout.hold(this.addressHash.of(email), seconds);
  }
}
