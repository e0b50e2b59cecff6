import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, DomainError, idOf, notFound, occurred, type Page } from '#platform';
import { DriftResolved } from '../events/index.js';
import { type DriftRow, Drifts } from '../persistence/drifts.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { type SweepKind, Sweeps } from '../persistence/sweeps.js';

export const DriftPageInput = z.strictObject({
  tenantId: idOf('ten').optional(),
  isOpen: z.boolean().default(true),
  limit: z.int().min(1).max(1_000).default(50),
  cursor: idOf('drf').optional(),
});
export const ResolveDriftInput = z.strictObject({ driftId: idOf('drf') });

/** Where Stripe and we disagree. Operators only. */
@Injectable()
export class ManageDrift {
  constructor(
    private readonly drifts: Drifts,
    private readonly sweeps: Sweeps,
    private readonly log: OperatorLog,
    private readonly clock: Clock,
  ) {}

  async page(actor: Actor, input: z.output<typeof DriftPageInput>): Promise<Page<DriftRow>> {
    actor.must('operator:billing');
    const { limit, cursor, ...filter } = input;
    return this.drifts.page(filter, limit, cursor);
  }

  /** Settled, for the actor's reason; seen again, it is opened anew. Throws 404, 409 `DRIFT_RESOLVED`. */
  async resolve(actor: Actor, { driftId }: z.output<typeof ResolveDriftInput>): Promise<void> {
    actor.must('operator:billing');
    const drift = await this.drifts.get(driftId);
    if (!drift) throw notFound('drift');
    const { kind, subject, tenantId } = drift;
    if (drift.resolvedAt) throw resolved();
    const now = this.clock.now();
    await this.log.append(actor, 'BILLING_DRIFT_RESOLVED', { driftId, kind, subject });
    if (tenantId) {
      await this.log.tell(actor.as({ tenantId }), occurred(DriftResolved, { driftId, kind, subject }, now));
    }
    const by = { resolution: 'operator' as const, by: actor.id, reason: actor.reason };
    if (!(await this.drifts.resolve(driftId, now, by))) throw resolved();
  }

  /** Compares with Stripe as soon as a worker is free, not when it would be due. */
  async sweep(actor: Actor, kind: SweepKind): Promise<void> {
    actor.must('operator:billing');
    await this.log.append(actor, 'BILLING_SWEEP_ASKED', { kind });
    await this.sweeps.hasten(kind, this.clock.now());
  }
}

const resolved = () => new DomainError('conflict', 'DRIFT_RESOLVED', 'It is settled already.');
