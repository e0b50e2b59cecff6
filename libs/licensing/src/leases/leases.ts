import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Actor, asDomainError, Clock, Log } from '#platform';
import { encodeLease, type Lease, leaseLife, type LeaseStatus, type QuotaRemainder } from '#sdk/formats';
import { QuotaRemainders } from '../quotas/quota-remainders.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { FreeFallback } from './free-fallback.js';
import { leaseDeviceOf } from './lease-device.js';
import { LeaseSlots, type Machine } from './lease-slots.js';
import { SigningKeys } from './signing-keys.js';

/** A lease of so little age, in ms, is given again: clients take its time for ours, and forgive two minutes. */
const KEPT_MS = 60_000;
/** About 2 kB each. */
const KEPT_LEASES = 5_000;
/** As long as a seat without a mode of its own (C48): by then it is known here what has become of what was bought. */
const AHEAD_OF_NEWS_MS = 360_000;

/** A seat that is held: which machine holds it, and until when. */
export interface HeldBy {
  hardwareId: string;
  /** As seats name the machine. */
  seatDevice: string;
  expiresAt: Date;
}

type Words = Pick<Lease, 'device' | 'status' | 'seatBound' | 'seatExpiresAt' | 'quota' | 'nonce'> &
  Partial<Pick<Lease, 'mode'>>;

/** Signs what clients go by while no server answers. */
@Injectable()
export class Leases {
  private readonly kept = new LRUCache<string, { token: string; saying: string; issuedAt: number }>({
    max: KEPT_LEASES,
  });

  constructor(
    private readonly slots: LeaseSlots,
    private readonly quotas: QuotaRemainders,
    private readonly fallback: FreeFallback,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * The lease that goes with a seat, signed: fresh for 24 h, then 7 d of grace, and no longer than the licence. One
   * that ends with the seat when as many devices as may be offline hold one, or when nobody can tell: Postgres away
   * costs the time offline, not the seat.
   */
  async forSeat(actor: Actor, policy: PoolPolicy, held: HeldBy): Promise<string> {
    const device = leaseDeviceOf(held.hardwareId);
    const [quota, until] = await Promise.all([
      this.quotaOf(policy),
      this.slotOf(actor, policy, { seatDevice: held.seatDevice, leaseDevice: device }),
    ]);
    const words: Words = {
      device,
      status: 'active',
      seatBound: until === null,
      seatExpiresAt: held.expiresAt.getTime(),
      quota,
    };
    return this.signed(actor, policy, words, (issuedAt) => lifeOf(policy, issuedAt, until, held));
  }

  /** A lease of a machine without a network: of `lifeMs`, with no seat. Null when no slot is free. Throws 503. */
  async forAirGap(
    actor: Actor,
    policy: PoolPolicy,
    machine: { leaseDevice: string; nonce: string },
    lifeMs: number,
  ): Promise<{ token: string; until: Date } | null> {
    const issuedAt = this.clock.now().getTime();
    const ends = endOf(policy, issuedAt + lifeMs);
    const named = { seatDevice: null, leaseDevice: machine.leaseDevice };
    const until = await this.slots.hold(actor, policy, named, ends - issuedAt);
    if (until === null) return null;
    const { leaseDevice: device, nonce } = machine;
    // Without a network there is no seat to beat for, whatever the licence's mode.
    const words: Words = {
      device,
      nonce,
      mode: 'none',
      status: 'active',
      seatBound: false,
      seatExpiresAt: null,
      quota: await this.quotaOf(policy),
    };
    const end = Math.min(ends, until);
    const token = await this.signed(actor, policy, words, () => airGapLife(issuedAt, end), issuedAt);
    return { token, until: new Date(end) };
  }

  /** The issuer's word that a licence is suspended or revoked, which clients believe; null while it is neither. */
  async ofBlocked(actor: Actor, policy: PoolPolicy, device: string): Promise<string | null> {
    if (policy.blocked === null) return null;
    const status: LeaseStatus = policy.blocked === 'SUSPENDED' ? 'suspended' : 'revoked';
    const words: Words = { device, status, seatBound: false, seatExpiresAt: null, quota: [] };
    return this.signed(actor, policy, words, leaseLife);
  }

  /** A lease without its quotas gives nothing of them offline; a seat is worth more than that. */
  private quotaOf(policy: PoolPolicy): Promise<QuotaRemainder[]> {
    return this.quotas.remainders(policy).catch(() => []);
  }

  private async slotOf(actor: Actor, policy: PoolPolicy, machine: Machine): Promise<number | null> {
    try {
      return await this.slots.hold(actor, policy, machine);
    } catch (error) {
      if (asDomainError(error).kind !== 'unavailable') throw error;
      this.log.warn(
        { trace_id: actor.origin.traceId, license_id: policy.licenseId },
        'A lease ends with its seat.',
      );
      return null;
    }
  }

  /** Signing takes 40 us: what says the same is not signed again within a minute. */
  private async signed(
    actor: Actor,
    policy: PoolPolicy,
    words: Words,
    life: (issuedAt: number) => Pick<Lease, 'freshUntil' | 'usableUntil'>,
    issuedAt = this.clock.now().getTime(),
  ): Promise<string> {
    const { terms, revision, tier, expiresAt, offlineUntil } = policy;
    const { seatExpiresAt: _, ...lasting } = words;
    // An override that ends changes terms without a new revision.
    const saying = JSON.stringify([
      revision,
      tier,
      expiresAt,
      offlineUntil,
      terms.entitlements,
      terms.heartbeatMode,
      lasting,
    ]);
    const name = `${policy.licenseId} ${words.device}`;
    const kept = this.kept.get(name);
    if (kept && kept.saying === saying && issuedAt - kept.issuedAt < KEPT_MS) return kept.token;

    // Clients know what Free was when they were built.
    const fallback = await this.fallback.at(actor, policy.catalogueRevision).catch(() => undefined);
    const lease: Lease = {
      issuer: this.keys.issuer,
      licenseId: policy.licenseId,
      tenantId: policy.tenantId,
      plan: tier,
      entitlements: words.status === 'active' ? terms.entitlements : [],
      mode: terms.heartbeatMode,
      revision,
      issuedAt,
      ...life(issuedAt),
      ...words,
      ...(fallback && { fallback }),
    };
    const token = encodeLease(lease, this.keys.current());
    this.kept.set(name, { token, saying, issuedAt });
    return token;
  }
}

/** Where the licence ends and nothing goes on after it, the lease ends with it, and with what was bought. */
function endOf({ expiresAt, offlineUntil, terms }: PoolPolicy, until: number, seatUntil = 0): number {
  const ends = expiresAt !== null && terms.expiryStrategy === 'restrict' ? expiresAt.getTime() : Infinity;
  // When a trial becomes a subscription, it has ended a moment before anybody here knows that it goes on: whoever has a seat
  // then keeps what it gives for as long as the seat lasts, six minutes at most.
  const bought = offlineUntil ? Math.max(offlineUntil.getTime(), seatUntil) : Infinity;
  return Math.min(until, ends, bought);
}

function lifeOf(policy: PoolPolicy, issuedAt: number, slotUntil: number | null, { expiresAt }: HeldBy) {
  const { freshUntil, usableUntil } = leaseLife(issuedAt);
  const seatUntil = Math.min(expiresAt.getTime(), issuedAt + AHEAD_OF_NEWS_MS);
  const ends = Math.min(endOf(policy, usableUntil, seatUntil), slotUntil ?? usableUntil);
  const end = Math.max(issuedAt, ends);
  return { freshUntil: Math.min(freshUntil, end), usableUntil: end };
}

const DAY_MS = 86_400_000;

/** The last week, or the last half of a shorter life, is grace: the program says that the end comes. */
function airGapLife(issuedAt: number, until: number) {
  const life = Math.max(0, until - issuedAt);
  const grace = Math.min(7 * DAY_MS, Math.floor(life / 2));
  return leaseLife(issuedAt, life - grace, grace);
}
