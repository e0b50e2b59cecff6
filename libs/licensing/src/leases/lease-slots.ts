import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Actor, Clock, Db, occurred, SealedBox } from '#platform';
import { LEASE_FRESH_MS, LEASE_GRACE_MS } from '#sdk/formats';
import { LicensingConfig } from '../licensing.config.js';
import { LicenseActivatedOffline } from '../events/index.js';
import { LeasedDevices, type SlotAnswer } from '../persistence/leased-devices.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { slotDeviceOf } from './lease-device.js';

const LEASE_MS = LEASE_FRESH_MS + LEASE_GRACE_MS;
/** A slot is held so much longer than the lease it is taken for: leases of the next hour need no SQL. In ms. */
const AHEAD_MS = 3_600_000;
/** Kept back of it: clocks of processes differ. In ms. */
const SLACK_MS = 600_000;
/** A device that came too late is looked at again after so long, in ms, or when the first slot comes free. */
const REFUSED_MS = 60_000;

/** About 150 bytes each. */
const REMEMBERED_SLOTS = 100_000;
const REMEMBERED_REFUSALS = 10_000;

/** A machine, as seats and as leases name it. */
export interface Machine {
  seatDevice: string | null;
  leaseDevice: string;
}

/**
 * Which devices may hold a lease that outlives its seat: at most `offlineDevices` of a licence at a time, so that
 * releasing a seat and taking it again with another machine does not mint offline machines. The truth is a row in
 * Postgres, written before the answer; a process remembers what it wrote, so a warm device costs a look-up.
 */
@Injectable()
export class LeaseSlots {
  private readonly held = new LRUCache<string, number>({ max: REMEMBERED_SLOTS });
  private readonly refused = new LRUCache<string, number>({ max: REMEMBERED_REFUSALS });

  constructor(
    private readonly db: Db,
    private readonly devices: LeasedDevices,
    private readonly box: SealedBox,
    private readonly config: LicensingConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Until when leases of the machine may last, epoch ms: a whole lease from now or more, less only when the limit was
   * lowered under those that hold one. Null when as many devices as may hold one already. `lifeMs`: of an air-gapped
   * activation, which is never answered from memory.
   */
  async hold(actor: Actor, policy: PoolPolicy, machine: Machine, lifeMs?: number): Promise<number | null> {
    const now = this.clock.now().getTime();
    const limit = policy.terms.offlineDevices;
    const device = slotDeviceOf(this.config.hardwareKey, policy.tenantId, machine.leaseDevice);
    const name = `${policy.licenseId} ${device} ${limit}`;
    if (lifeMs === undefined) {
      const held = this.held.get(name);
      if (held !== undefined && held - SLACK_MS >= now + LEASE_MS) return held;
      if ((this.refused.get(name) ?? 0) > now) return null;
    }

    const until = now + (lifeMs ?? LEASE_MS + AHEAD_MS + SLACK_MS);
    const answer = await this.take(actor, policy, { device, ...machine }, now, until, lifeMs !== undefined);
    if (answer.until === null) {
      this.refused.set(name, Math.min(answer.refusedUntil.getTime(), now + REFUSED_MS));
      return null;
    }
    this.held.set(name, answer.until.getTime());
    return answer.until.getTime();
  }

  private take(
    actor: Actor,
    { tenantId, licenseId, terms }: PoolPolicy,
    { device, seatDevice, leaseDevice }: Machine & { device: string },
    now: number,
    until: number,
    isAirGapped: boolean,
  ): Promise<SlotAnswer> {
    const sealed = this.box.seal(Buffer.from(leaseDevice, 'hex'), contextOf(licenseId));
    const slot = { licenseId, device, seatDevice, leaseDevice: sealed };
    return this.db.transaction(actor.as({ tenantId }), async () => {
      const at = new Date(now);
      const answer = await this.devices.take(slot, terms.offlineDevices, at, new Date(until));
      if (answer.until && isAirGapped) {
        const facts = { licenseId, device, until: answer.until.toISOString() };
        this.db.record([occurred(LicenseActivatedOffline, facts, at)]);
      }
      return answer;
    });
  }

  /** What leases call the machine of a seat; null when it holds no slot. */
  async leaseDeviceOf(actor: Actor, licenseId: string, seatDevice: string): Promise<string | null> {
    const sealed = await this.devices.leaseDeviceOf(actor, licenseId, seatDevice);
    return sealed && this.box.open(sealed, contextOf(licenseId)).toString('hex');
  }
}

const contextOf = (licenseId: string) => `lease-device:${licenseId}`;
