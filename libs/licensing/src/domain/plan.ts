import type { LicenseType } from '#sdk/formats';

/** What a plan gives. The catalogue of all of them comes from plans.yaml; every tenant begins here. */
export interface Plan {
  tier: LicenseType;
  /** null: as many as there are. */
  seats: number | null;
  entitlements: readonly string[];
}

export const FREE_PLAN: Plan = { tier: 'FREE', seats: 1, entitlements: ['commands:execute'] };
