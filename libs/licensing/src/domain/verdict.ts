import type { LicenseStatus } from './license.js';

/** In the order they are evaluated; the first that applies is the answer. Codes are public and never change meaning. */
export const VERDICT_CODES = [
  'NOT_FOUND',
  'REVOKED',
  'SUSPENDED',
  'EXPIRED',
  'ENTITLEMENT_MISSING',
  'VALID',
] as const;
export type VerdictCode = (typeof VERDICT_CODES)[number];

const DETAILS: Record<VerdictCode, string> = {
  NOT_FOUND: 'There is no licence with this key.',
  REVOKED: 'The licence was revoked.',
  SUSPENDED: 'The licence is suspended.',
  EXPIRED: 'The licence has expired.',
  ENTITLEMENT_MISSING: 'The licence does not include what was asked for.',
  VALID: 'The licence is valid.',
};

/** What a verdict is about. */
export interface LicenseFacts {
  status: LicenseStatus;
  expiresAt: Date | null;
  entitlements: readonly string[];
  tenantSuspended: boolean;
}

export interface Verdict {
  valid: boolean;
  code: VerdictCode;
  detail: string;
}

/** The verdict on a licence at an instant, for a program that needs `wanted` entitlements. A question, never an error. */
export function judge(license: LicenseFacts | null, wanted: readonly string[], now: Date): Verdict {
  const code = codeOf(license, wanted, now);
  return { valid: code === 'VALID', code, detail: DETAILS[code] };
}

function codeOf(license: LicenseFacts | null, wanted: readonly string[], now: Date): VerdictCode {
  if (!license) return 'NOT_FOUND';
  if (license.status === 'revoked') return 'REVOKED';
  if (license.status === 'suspended' || license.tenantSuspended) return 'SUSPENDED';
  if (license.expiresAt && license.expiresAt <= now) return 'EXPIRED';
  if (wanted.some((one) => !license.entitlements.includes(one))) return 'ENTITLEMENT_MISSING';
  return 'VALID';
}
