import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError, occurred } from '#platform';
import { blockOf } from '../domain/block.js';
import { DeviceBound } from '../events/index.js';
import { Devices } from '../persistence/devices.js';
import { Licenses } from '../persistence/licenses.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatDesk } from '../seats/seat-desk.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import type { Place } from './place.js';
import { callerOf } from './seat-answers.js';

/** Which devices a licence is bound to, of how many. */
type Bound = Pick<PoolPolicy, 'terms' | 'devices'>;

/** Gives a device a place on a node-locked licence; it keeps it, whether or not it runs. */
@Injectable()
export class BindDevice {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly devices: Devices,
    private readonly desk: SeatDesk,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives the policy with the device in it, which is beside the pool by then; `policy` is the one that the seat script
   * went by. A licence that is blocked, or node-locked no more, binds nothing: asked again, the script says what holds.
   *
   * Throws 404, 409 `DEVICES_EXHAUSTED` with `used` and `max`, 503 when Redis is away.
   */
  async execute(actor: Actor, place: Place, device: string, policy: PoolPolicy): Promise<PoolPolicy> {
    // Without SQL: a program that keeps asking a full licence must not keep locking its row.
    if (isFull(policy, device)) throw await this.refusal(actor, place, device, policy);

    const owner = actor.as({ tenantId: place.tenantId });
    const full = await this.db.transaction(owner, () => this.bind(actor, place, device));
    if (full) throw await this.refusal(actor, place, device, full);
    return this.loadPolicy.execute(owner, place);
  }

  /** The licence as it stands in the way when every place is taken. */
  private async bind(actor: Actor, { licenseId }: Place, device: string): Promise<Bound | null> {
    const { license, row } = await this.licenses.lockWithRow(licenseId);
    const now = this.clock.now();
    const { terms, devices } = row;
    if (blockOf(row) || terms.kind !== 'node_locked' || devices.includes(device)) return null;
    if (isFull({ terms, devices }, device)) return { terms, devices };

    const userId = actor.type === 'user' ? actor.id : null;
    await this.devices.bind(licenseId, { device, userId, boundAt: now });
    this.db.record([occurred(DeviceBound, { licenseId, device, userId }, now)]);
    license.touch(now);
    await this.licenses.save(license);
    return null;
  }

  private async refusal(actor: Actor, place: Place, device: string, bound: Bound): Promise<DomainError> {
    await this.desk.refuse(place, device, callerOf(actor));
    return new DomainError(
      'conflict',
      'DEVICES_EXHAUSTED',
      'Every place of this licence has its device; unbind one first.',
      { details: { used: bound.devices.length, max: bound.terms.seatCap } },
    );
  }
}

function isFull({ terms, devices }: Bound, device: string): boolean {
  const { kind, seatCap: max } = terms;
  return kind === 'node_locked' && max !== null && devices.length >= max && !devices.includes(device);
}
