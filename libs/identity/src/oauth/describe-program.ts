import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { type Device, deviceOf } from '../sessions/device.js';
import { Places } from '../sessions/places.js';
import { IssueTokens } from '../use-cases/issue-tokens.js';
import { type Program, programOf } from './programs.js';

/** What a person reads before they let a program act for them. */
export interface ProgramRequest {
  program: Program;
  /** What the program calls what it runs on: its own word. Null where it said nothing. */
  deviceName: string | null;
  /** What asked, as far as it says; null for what it does not say. */
  device: Device;
  /** Where it asked from, and where that is; null where that is not known. */
  address: string | null;
  place: string | null;
  askedAt: Date;
  /** Whose account it is about, and in which organisation. */
  account: { email: string; displayName: string | null; tenant: { id: string; name: string; slug: string } };
}

interface Asked {
  clientId: string;
  deviceName: string | null;
  address: string | null;
  userAgent?: string | null;
  askedAt: number;
}

/** Puts a program's request into words that a person can judge by. */
@Injectable()
export class DescribeProgram {
  constructor(
    private readonly issueTokens: IssueTokens,
    private readonly places: Places,
  ) {}

  /** For the actor, who is signed in. Throws the one 401 for who is no member of their tenant any more. */
  async execute(actor: Actor, asked: Asked): Promise<ProgramRequest> {
    const { clientId, deviceName, address, userAgent = null, askedAt } = asked;
    const [{ user, tenant }, place] = await Promise.all([
      this.issueTokens.profile(actor),
      address === null ? null : this.places.of(address),
    ]);
    return {
      program: programOf(clientId) ?? { id: clientId, name: clientId },
      deviceName,
      device: deviceOf(userAgent),
      address,
      place,
      askedAt: new Date(askedAt),
      account: {
        email: user.email,
        displayName: user.displayName,
        tenant: { id: tenant.id, name: tenant.name, slug: tenant.slug },
      },
    };
  }
}
