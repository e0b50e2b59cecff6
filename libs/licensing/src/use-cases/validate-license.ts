import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, PoolBudget } from '#platform';
import { HardwareId } from '../domain/hardware-id.js';
import { judge, type Verdict } from '../domain/verdict.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatPool } from '../seats/seat-pool.js';
import { LicenseKeyInput } from './acquire-seat.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { LoadPoolPolicy } from './load-pool-policy.js';

export const ValidateLicenseInput = z.strictObject({
  licenseKey: LicenseKeyInput,
  hardwareId: HardwareId.optional(),
  nonce: z.string().min(1).max(128).optional(),
  entitlements: z.array(z.string().min(1).max(100)).max(50).default([]),
});

export interface ValidateLicenseAnswer extends Verdict {
  license: PoolPolicy | null;
  nonce?: string;
}

/** Is this key good for that? Whoever has the key may ask. Throws only 429, and 503 while Postgres is away. */
@Injectable()
export class ValidateLicense {
  constructor(
    private readonly findByKey: FindLicenseByKey,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly budget: PoolBudget,
    private readonly pool: SeatPool,
    private readonly clock: Clock,
  ) {}

  async execute(actor: Actor, input: z.output<typeof ValidateLicenseInput>): Promise<ValidateLicenseAnswer> {
    const policy = await this.policyOf(actor, input.licenseKey);
    const facts = policy && {
      status: policy.blocked === 'REVOKED' ? ('revoked' as const) : ('active' as const),
      tenantSuspended: policy.blocked === 'SUSPENDED',
      expiresAt: policy.expiresAt,
      entitlements: policy.entitlements,
    };
    return { ...judge(facts, input.entitlements, this.clock.now()), license: policy, nonce: input.nonce };
  }

  private async policyOf(actor: Actor, key: string): Promise<PoolPolicy | null> {
    const place = await this.findByKey.execute(actor, key);
    if (!place) return null;
    this.budget.spend(place.licenseId, 'validate');
    // Redis saves a query here, no more: a verdict is given without it.
    const kept = await this.pool.policy(place.licenseId).catch(() => null);
    return kept ?? this.loadPolicy.read(actor, place);
  }
}
