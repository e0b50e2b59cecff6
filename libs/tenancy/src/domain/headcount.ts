import { DomainError } from '#platform';
import { RUNS } from './permissions.js';
import type { PlanLimits } from './tenant.js';

/** People, and those of them whose role takes seats. */
export interface Headcount {
  members: number;
  seated: number;
}

/** How much one person more with such a role is. */
export const onePerson = (grants: readonly string[]): Headcount => ({
  members: 1,
  seated: grants.includes(RUNS) ? 1 : 0,
});

export const together = (...counts: readonly Headcount[]): Headcount => ({
  members: counts.reduce((sum, one) => sum + one.members, 0),
  seated: counts.reduce((sum, one) => sum + one.seated, 0),
});

/**
 * Whether the plan lets `more` in besides `there`. Only what grows is asked: who has too many by a smaller plan keeps
 * them, and may move them about. Throws 409 `SEAT_LIMIT_REACHED` or `MEMBER_LIMIT_REACHED`.
 */
export function mustHaveRoom({ maxSeats, maxMembers }: PlanLimits, there: Headcount, more: Headcount): void {
  if (more.seated > 0 && maxSeats !== null && there.seated + more.seated > maxSeats) {
    throw new DomainError(
      'conflict',
      'SEAT_LIMIT_REACHED',
      `The plan is for ${maxSeats} people who run the program.`,
      { details: { max: maxSeats, used: there.seated } },
    );
  }
  if (more.members > 0 && maxMembers !== null && there.members + more.members > maxMembers) {
    throw new DomainError('conflict', 'MEMBER_LIMIT_REACHED', `The plan is for ${maxMembers} members.`, {
      details: { max: maxMembers, used: there.members },
    });
  }
}
