import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { Addresses } from '../persistence/addresses.js';

/** Whose an address is, for operators: they hear addresses, and the rest goes by ids. */
@Injectable()
export class FindUser {
  constructor(
    private readonly addresses: Addresses,
    private readonly addressHash: AddressHash,
  ) {}

  /** Who has proved it, else who claimed it last; null for nobody. */
  async execute(actor: Actor, email: string): Promise<string | null> {
    actor.must('operator:users');
    const { owner, claimant } = await this.addresses.holders(actor, this.addressHash.of(email));
    return owner ?? claimant;
  }
}
