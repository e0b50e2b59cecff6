import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, PoolBudget } from '#platform';
import type { QuotaRemainder } from '#sdk/formats';
import { deviceOf, HardwareId } from '../domain/hardware-id.js';
import { judge, type Verdict } from '../domain/verdict.js';
import { leaseDeviceOf } from '../leases/lease-device.js';
import { Leases } from '../leases/leases.js';
import { LicensingConfig } from '../licensing.config.js';
import { QuotaRemainders } from '../quotas/quota-remainders.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatPool } from '../seats/seat-pool.js';
import { SeatStanding, type Standing } from '../seats/seat-standing.js';
import { BeginTerm } from './begin-term.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { LicenseKeyInput } from './license-key-input.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import type { Place } from './place.js';

export const ValidateLicenseInput = z.strictObject({
  licenseKey: LicenseKeyInput,
  hardwareId: HardwareId.optional(),
  nonce: z.string().min(1).max(128).optional(),
  entitlements: z.array(z.string().min(1).max(100)).max(50).default([]),
});

type Input = z.output<typeof ValidateLicenseInput>;

export interface ValidateLicenseAnswer extends Verdict {
  license: PoolPolicy | null;
  /** Of the meters that have a limit; null: there are none, or nobody can count. */
  quota: { meter: string; limit: number; remaining: number; resetsAt: Date | null }[] | null;
  lease?: string;
  nonce?: string;
}

/** Is this key good for that? Whoever has the key may ask. Throws only 429, and 503 while Postgres is away. */
@Injectable()
export class ValidateLicense {
  constructor(
    private readonly findByKey: FindLicenseByKey,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly beginTerm: BeginTerm,
    private readonly budget: PoolBudget,
    private readonly pool: SeatPool,
    private readonly standing: SeatStanding,
    private readonly quotas: QuotaRemainders,
    private readonly leases: Leases,
    private readonly config: LicensingConfig,
    private readonly clock: Clock,
  ) {}

  /** By the table in docs/verdicts.md. A lease goes to the device that holds a seat, and to any that is to hear of a block. */
  async execute(actor: Actor, input: Input): Promise<ValidateLicenseAnswer> {
    const { nonce, hardwareId, entitlements: wanted } = input;
    const now = this.clock.now();
    const place = await this.findByKey.execute(actor, input.licenseKey);
    if (!place) {
      const nothing = { now, wanted, device: null, seats: null, isQuotaExhausted: false };
      return { ...judge(null, nothing), license: null, quota: null, nonce };
    }

    this.budget.spend(place, 'validate');
    const device =
      hardwareId === undefined ? null : deviceOf(this.config.hardwareKey, place.tenantId, hardwareId);
    const standing = this.standing.of(place.licenseId, device);
    const policy = await this.policyOf(actor, place, standing);
    // The key leads to another tenant since this process last looked.
    if (policy.blocked === 'TRANSFERRED' && (await this.findByKey.hasMoved(actor, input.licenseKey, place)))
      return this.execute(actor, input);
    const seats = await standing;
    // A verdict is given without a count, too.
    const quota = quotaOf(policy, await this.quotas.remainders(policy).catch(() => null));
    const verdict = judge(policy, {
      now,
      wanted,
      device,
      seats: seats && { used: seats.used, isHolder: seats.hasPlace },
      isQuotaExhausted: quota?.some((one) => one.remaining <= 0) ?? false,
    });
    const isOver = verdict.code === 'EXPIRED' && !verdict.valid;
    const lease = isOver ? null : await this.leaseOf(actor, policy, hardwareId, device, seats);
    return { ...verdict, license: policy, quota, ...(lease && { lease }), nonce };
  }

  private async policyOf(
    actor: Actor,
    place: Place,
    standing: Promise<Standing | null>,
  ): Promise<PoolPolicy> {
    // Redis saves a query here, no more: a verdict is given without it.
    const [kept, known] = await Promise.all([this.pool.policy(place.licenseId).catch(() => null), standing]);
    const isGood = kept && isFresh(kept, known, this.clock.now());
    const policy = isGood ? kept : await this.loadPolicy.read(actor, place);
    return policy.starts === 'first_validation' && !policy.blocked ? this.begun(actor, place) : policy;
  }

  private async begun(actor: Actor, place: Place): Promise<PoolPolicy> {
    try {
      return await this.beginTerm.execute(actor, place);
    } catch {
      // It has begun, and Redis could not be told.
      return this.loadPolicy.read(actor, place);
    }
  }

  private async leaseOf(
    actor: Actor,
    policy: PoolPolicy,
    hardwareId: string | undefined,
    seatDevice: string | null,
    standing: Standing | null,
  ): Promise<string | null> {
    if (hardwareId === undefined || seatDevice === null) return null;
    if (policy.blocked) return this.leases.ofBlocked(actor, policy, leaseDeviceOf(hardwareId));
    if (!standing?.heldUntil) return null;
    return this.leases.forSeat(actor, policy, { hardwareId, seatDevice, expiresAt: standing.heldUntil });
  }
}

const isFresh = ({ goodUntil, catalogueRevision }: PoolPolicy, standing: Standing | null, now: Date) =>
  (goodUntil === null || goodUntil > now) && catalogueRevision >= (standing?.catalogueRevision ?? 0);

function quotaOf(
  { terms }: PoolPolicy,
  remainders: readonly QuotaRemainder[] | null,
): ValidateLicenseAnswer['quota'] {
  const limited = (remainders ?? []).flatMap(({ meter, remaining, resetsAt }) => {
    const limit = terms.meters[meter]?.limit ?? null;
    if (limit === null || remaining === null) return [];
    return [{ meter, limit, remaining, resetsAt: resetsAt === null ? null : new Date(resetsAt) }];
  });
  return limited.length > 0 ? limited : null;
}
