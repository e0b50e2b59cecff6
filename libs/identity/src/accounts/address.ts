import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { isAddress, keyedHash } from '#platform';
import { AccountsConfig } from './accounts.config.js';

/** An e-mail address as a caller gives it, in the one form that is compared. */
export const EmailAddress = z
  .string()
  .max(254)
  .transform((text) => text.trim().normalize('NFC').toLowerCase())
  .refine(isAddress, 'must be one e-mail address')
  .meta({ example: 'ada@example.com' });

/** A password as a caller gives it; what a new one must be is PasswordPolicy's. */
export const PasswordText = z.string().min(1).max(1_024).meta({ example: 'velvet otter marches nine' });

/** How an address is found without being kept as a key: HMAC of its one form. */
@Injectable()
export class AddressHash {
  constructor(private readonly config: AccountsConfig) {}

  of(email: string): Buffer {
    return keyedHash(this.config.addressKey, 'address', email);
  }
}
