import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { Addresses } from '../persistence/addresses.js';

/** Whose a proved address is. For those alone who may know: who reads its mail, and who has the person in their organisation. */
@Injectable()
export class FindAddressOwner {
  constructor(
    private readonly addresses: Addresses,
    private readonly addressHash: AddressHash,
  ) {}

  /** Null for nobody; whoever only claims it is not told. */
  async execute(actor: Actor, email: string): Promise<string | null> {
    return (await this.addresses.holders(actor, this.addressHash.of(email))).owner;
  }
}
