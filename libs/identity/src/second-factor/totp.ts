import { generateSecret, generateURI, verifySync } from 'otplib';

/** RFC 6238 with what every authenticator takes: SHA-1, six digits, 30 s. */
const STEP_SECONDS = 30;
/** One step to either side, for clocks that differ and people who type slowly (RFC 6238, 5.2). */
const TOLERANCE_SECONDS = 30;

export const newTotpSecret = (): string => generateSecret();

export const otpauthUri = (secret: string, issuer: string, email: string): string =>
  generateURI({ issuer, label: email, secret });

/** The time step that a code was made for; null when it is none of those that count now. Pure. */
export function stepOf(secret: string, code: string, now: Date): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const epoch = Math.floor(now.getTime() / 1_000);
  const result = verifySync({ secret, token: code, epoch, epochTolerance: TOLERANCE_SECONDS });
  return result.valid ? Math.floor(epoch / STEP_SECONDS) + result.delta : null;
}
