import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, validationFailed } from '#platform';
import { Licenses } from '../persistence/licenses.js';
import { type SeatDay, SeatStatistics } from '../persistence/seat-statistics.js';

const DAY_MS = 86_400_000;
const DAYS_MAX = 92;
const DAYS_USUAL = 30;

export const SeatStatisticsInput = z.strictObject({
  /** The first day, in UTC. */
  from: z.iso.date().optional(),
  /** The last; today unless given. */
  to: z.iso.date().optional(),
});

const midnight = (day: string) => new Date(`${day}T00:00:00Z`);
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** How the seats of a licence were used, day by day. */
@Injectable()
export class ReadSeatStatistics {
  constructor(
    private readonly licenses: Licenses,
    private readonly statistics: SeatStatistics,
    private readonly clock: Clock,
  ) {}

  /**
   * Every day of the span, oldest first; the last 30 unless said. Throws 403 without `seats:read`, 404, 422 for more than
   * 92 days or an end before its beginning.
   */
  async execute(
    actor: Actor,
    licenseId: string,
    input: z.output<typeof SeatStatisticsInput>,
  ): Promise<SeatDay[]> {
    if (!actor.scopes.has('operator:licenses')) actor.must('seats:read');
    const to = input.to ?? dayOf(this.clock.now().getTime());
    const end = new Date(midnight(to).getTime() + DAY_MS);
    const from = input.from ? midnight(input.from) : new Date(end.getTime() - DAYS_USUAL * DAY_MS);
    const span = (end.getTime() - from.getTime()) / DAY_MS;
    if (span < 1 || span > DAYS_MAX)
      throw validationFailed([{ path: ['from'], message: `must be 0 to ${DAYS_MAX - 1} days before to` }]);
    await this.licenses.get(actor, licenseId);

    const { before, days } = await this.statistics.daily(actor, licenseId, from, end);
    const byDay = new Map(days.map((one) => [one.day, one]));
    let held = before;
    return Array.from({ length: span }, (_, n) => {
      const day = dayOf(from.getTime() + n * DAY_MS);
      const { last = held, ...counts } = byDay.get(day) ?? quiet(day);
      const peak = Math.max(held, counts.peak);
      held = last;
      return { ...counts, peak };
    });
  }
}

const quiet = (day: string): SeatDay & { last?: number } => ({
  day,
  ...{ peak: 0, acquired: 0, released: 0, lapsed: 0, ended: 0, refused: 0, devices: 0, users: 0 },
});
