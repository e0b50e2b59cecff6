import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, idOf, notFound, occurred, type Page } from '#platform';
import { countedOf, isCounted, minuteOf, REPORTED, retryOf } from '../domain/shipment.js';
import { UsesDecided } from '../events/index.js';
import { MinutesOfUses } from '../persistence/minutes-of-uses.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { type StuckUseRow, StuckUses } from '../persistence/stuck-uses.js';
import { CountedUsage } from '../usage/counted-usage.js';

/** Uses that one call decides of. */
const BATCH = 200;

const Filter = z.strictObject({
  id: idOf('use').optional(),
  tenantId: idOf('ten').optional(),
  meter: z.string().min(1).max(64).optional(),
  status: z.enum(['failed', 'parked']).optional(),
  /** How it begins: `UNCLEAR`, `400 resource_missing`. */
  failure: z.string().min(1).max(200).optional(),
});

export const StuckUsesInput = z.strictObject({
  filter: Filter,
  limit: z.int().min(1).max(1_000).default(50),
  cursor: idOf('use').optional(),
});

const Chosen = z.strictObject({
  filter: Filter.refine(
    (filter) => Object.values(filter).some((one) => one !== undefined),
    'must say which uses: by id, tenant, meter, status or failure',
  ),
  cursor: idOf('use').optional(),
});
export const WriteOffUsesInput = Chosen;
/** `isNeverCounted`: the operator knows that Stripe has never counted them, and answers for it. */
export const RequeueUsesInput = Chosen.extend({ isNeverCounted: z.boolean().default(false) });
export const CountedUseInput = z.strictObject({ id: idOf('use') });

/** Why a use was left as it is. */
type WhyLeft = 'TOO_OLD' | 'UNCLEAR' | 'NOT_YET';

export interface DecidedUses {
  requeued: number;
  /** Stripe had counted them after all. */
  counted: number;
  writtenOff: number;
  left: { id: string; why: WhyLeft }[];
  /** There are more behind it. */
  nextCursor: string | null;
}

type Fate = 'anew' | 'again' | 'counted' | WhyLeft;
type Decision = 'requeued' | 'counted' | 'written_off';

/**
 * Uses that Stripe would not count, or of which nobody knows: looked at, sent again, written off. Operators only. None is
 * sent blind twice: only what Stripe has refused, what its sum shows that it never counted, or what the operator says.
 */
@Injectable()
export class ManageUses {
  constructor(
    private readonly uses: StuckUses,
    private readonly minutes: MinutesOfUses,
    private readonly countedUsage: CountedUsage,
    private readonly log: OperatorLog,
    private readonly clock: Clock,
  ) {}

  /** The oldest first. */
  async page(actor: Actor, input: z.output<typeof StuckUsesInput>): Promise<Page<StuckUseRow>> {
    actor.must('operator:billing');
    return this.uses.page(input.filter, input.limit, input.cursor);
  }

  /** A batch of those that fit. Throws 503 `BILLING_UNAVAILABLE`: then nothing was done. */
  async requeue(actor: Actor, input: z.output<typeof RequeueUsesInput>): Promise<DecidedUses> {
    actor.must('operator:billing');
    const { filter, isNeverCounted, cursor } = input;
    const page = await this.uses.page(filter, BATCH, cursor);
    const fates = await this.fatesOf(page.data, isNeverCounted);
    const of = (...wanted: Fate[]) => page.data.filter((one) => wanted.includes(fates.get(one.id)!));
    await this.tell(actor, 'requeued', of('anew', 'again'), { isNeverCounted });
    await this.tell(actor, 'counted', of('counted'));
    return {
      requeued:
        (await this.uses.sendAgain(of('anew'), true)) + (await this.uses.sendAgain(of('again'), false)),
      counted: await this.uses.settleAsCounted(of('counted'), this.clock.now()),
      writtenOff: 0,
      left: of('TOO_OLD', 'UNCLEAR', 'NOT_YET').map(({ id }) => ({ id, why: fates.get(id) as WhyLeft })),
      nextCursor: page.nextCursor,
    };
  }

  /** Bills nobody for a batch of those that fit. */
  async writeOff(actor: Actor, input: z.output<typeof WriteOffUsesInput>): Promise<DecidedUses> {
    actor.must('operator:billing');
    const page = await this.uses.page(input.filter, BATCH, input.cursor);
    await this.tell(actor, 'written_off', page.data);
    const writtenOff = await this.uses.writeOff(page.data, this.clock.now());
    return { requeued: 0, counted: 0, writtenOff, left: [], nextCursor: page.nextCursor };
  }

  /** The operator has seen at Stripe that it has counted this one. Throws 404. */
  async counted(actor: Actor, { id }: z.output<typeof CountedUseInput>): Promise<void> {
    actor.must('operator:billing');
    const { data } = await this.uses.page({ id }, 1);
    if (data.length === 0) throw notFound('use');
    await this.tell(actor, 'counted', data);
    await this.uses.settleAsCounted(data, this.clock.now());
  }

  private async fatesOf(uses: readonly StuckUseRow[], isNeverCounted: boolean): Promise<Map<string, Fate>> {
    const fates = new Map<string, Fate>();
    const asked = new Map<string, Fate>();
    for (const use of uses) {
      const step = retryOf(use, this.clock.now());
      if (step === 'too_old') fates.set(use.id, 'TOO_OLD');
      else if (step !== 'ask') fates.set(use.id, step);
      else if (isNeverCounted) fates.set(use.id, uncounted(use));
      else {
        const minute = [use.tenantId, use.meter, use.customerId, minuteOf(use.usedAt).getTime()].join(' ');
        const fate = asked.get(minute) ?? (await this.fateByStripe(use));
        asked.set(minute, fate);
        fates.set(use.id, fate === 'again' ? uncounted(use) : fate);
      }
    }
    return fates;
  }

  /** Of all parked ones of its minute. */
  private async fateByStripe(use: StuckUseRow): Promise<Fate> {
    const { customerId, usedAt } = use;
    if (!customerId) return 'UNCLEAR';
    const from = minuteOf(usedAt);
    const { shipped, unknown, untold, lastAt } = await this.minutes.get({ ...use, customerId }, from);
    if (unknown.length > 0 || (lastAt && !isCounted(lastAt, this.clock.now()))) return 'NOT_YET';
    const counted = await this.countedUsage.execute({ ...use, customerId }, from);
    if (counted === null) return 'UNCLEAR';
    const verdict = countedOf({ counted, shipped, unknown: untold });
    return ({ none: 'again', all: 'counted', unclear: 'UNCLEAR' } as const)[verdict];
  }

  /** In the operators' log, and in the trail of each tenant; before it is done. */
  private async tell(
    actor: Actor,
    decision: Decision,
    uses: readonly StuckUseRow[],
    more: Record<string, unknown> = {},
  ): Promise<void> {
    if (uses.length === 0) return;
    const details = { ...more, decision, uses: uses.map((one) => one.id) };
    await this.log.append(actor, 'BILLED_USES_DECIDED', details);
    for (const [tenantId, theirs] of Map.groupBy(uses, (one) => one.tenantId)) {
      const payload = {
        decision,
        meters: [...new Set(theirs.map((one) => one.meter))].toSorted(),
        amount: theirs.reduce((sum, one) => sum + one.amount, 0),
        uses: theirs.map((one) => one.id),
      };
      await this.log.tell(actor.as({ tenantId }), occurred(UsesDecided, payload, this.clock.now()));
    }
  }
}

/** Of one that was sent, and of which somebody knows that Stripe has never counted it. */
const uncounted = ({ failure }: StuckUseRow): Fate => (failure?.startsWith(REPORTED) ? 'anew' : 'again');
