import type { Seats } from '../api/answers.js';
import type { ApiError } from '../api/api-error.js';
import type { Fallback, LeaseMode } from '../formats/lease.js';
import type { FreeReason, LeaseState, LeaseStateName } from '../lease-state.js';
import { termsOf } from '../terms.js';

/** What the program may do now, and how it came to that. Times are epoch ms by the server's clock. */
export interface LicenseStatus {
  state: LeaseStateName;
  /** Set when `free`. */
  reason: FreeReason | null;
  /** When the state changes if nothing is heard; null: never by itself. */
  until: number | null;
  /** Milliseconds to `until`; in `grace`, what is left of it. */
  leftMs: number | null;
  /** For people; programs ask `entitled`. */
  plan: string | null;
  entitlements: readonly string[];
  licenseId: string | null;
  mode: LeaseMode | null;
  seat: { sessionId: string; expiresAt: number } | null;
  /** As the server told last; null: nothing since the start. */
  seats: Seats | null;
  /** By this machine's clock; null: none since the start. */
  lastContactAt: number | null;
  /** Why the last exchange came to nothing; null: it succeeded. */
  trouble: ApiError | null;
}

export function statusOf(
  state: LeaseState,
  told: Pick<LicenseStatus, 'seats' | 'lastContactAt' | 'trouble'> & { sessionId: string | null },
  free?: Fallback,
): LicenseStatus {
  const { sessionId, ...rest } = told;
  const { lease, seat } = state.keep;
  const { plan, entitlements } = termsOf(state, free);
  return {
    state: state.state,
    reason: state.reason,
    until: state.until,
    leftMs: state.leftMs,
    plan,
    entitlements,
    licenseId: lease?.licenseId ?? null,
    mode: lease?.mode ?? null,
    seat:
      sessionId !== null && seat?.status === 'held' && state.now < seat.expiresAt
        ? { sessionId, expiresAt: seat.expiresAt }
        : null,
    ...rest,
  };
}
