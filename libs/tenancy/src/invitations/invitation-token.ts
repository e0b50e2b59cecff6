import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { idFromBytes, idToBytes, keyedHash, sameBytes } from '#platform';
import { InvitationsConfig } from '../tenancy.config.js';

const PREFIX = 'ivt_';
/** 64 bytes leave four bits of the last character unused: they must be zero, or one token would have sixteen spellings. */
const TEXT = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{85}[AQgw]$`);

/** A token as its reader gives it back. */
export const InvitationToken = z.string().min(1).max(256).meta({ example: 'ivt_AZr6...' });

/** Which invitation a token names, and 256 bits that only we can derive. */
interface Parts {
  tenantId: string;
  invitationId: string;
  secret: Buffer;
}

/** What a token is derived from. */
interface Numbered {
  tenantId: string;
  id: string;
  generation: number;
}

/**
 * Tokens of invitations. They are derived instead of drawn, so that the worker writes one into the mail, and writes it
 * again when a delivery is repeated, while no table and no event holds it; the next generation makes it void.
 */
@Injectable()
export class InvitationTokens {
  constructor(private readonly config: InvitationsConfig) {}

  of(invitation: Numbered): string {
    const { tenantId, id } = invitation;
    const bytes = Buffer.concat([idToBytes(tenantId), idToBytes(id), this.secretOf(invitation)]);
    return PREFIX + bytes.toString('base64url');
  }

  /** Null for what is not of the form; whether it is good, {@link isOf} says. */
  parse(text: string): Parts | null {
    if (!TEXT.test(text)) return null;
    const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
    return {
      tenantId: idFromBytes('ten', bytes.subarray(0, 16)),
      invitationId: idFromBytes('inv', bytes.subarray(16, 32)),
      secret: bytes.subarray(32),
    };
  }

  /** Whether it is the token that the invitation has now. */
  isOf(token: Parts, invitation: Numbered): boolean {
    return sameBytes(token.secret, this.secretOf(invitation));
  }

  private secretOf({ tenantId, id, generation }: Numbered): Buffer {
    return keyedHash(this.config.key, 'invitation', tenantId, id, String(generation));
  }
}
