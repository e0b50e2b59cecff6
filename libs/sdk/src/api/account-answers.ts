import {
  asObject,
  type Claims,
  readCount,
  readFlag,
  readInstant,
  readNullable,
  readOneOf,
  readOptional,
  readText,
  readTexts,
} from '../formats/claims.js';
import { readSignedIn, type SignedIn } from './answers.js';

/** A QR code as a data: URI takes 4 kB. */
const QR_LENGTH = 100_000;

/** Where somebody is signed in, as they recognise it. Times are epoch ms. */
export interface LoginSession {
  id: string;
  /** A person is signed in at one organisation at a time, and the list has those of all. */
  tenantId: string;
  /** The one that asks. */
  current: boolean;
  /** `password`, or the identity provider. */
  provider: string;
  /** How they showed who they are (RFC 8176). */
  amr: readonly string[];
  /** What the client says of itself; null: nothing that is known. */
  browser: string | null;
  system: string | null;
  /** What its program calls what it runs on. */
  deviceName: string | null;
  address: string | null;
  place: string | null;
  createdAt: number;
  lastActiveAt: number;
  expiresAt: number;
}

/** What an authenticator needs. */
export interface TotpEnrolment {
  secret: string;
  otpauthUri: string;
  /** A PNG as a data: URI. */
  qrCode: string;
}

/** What a sign-in gives whose last step was to set up an authenticator. */
export interface Enrolled {
  /** Ten, told this once. */
  backupCodes: readonly string[];
  signedIn: SignedIn;
}

export interface VerifiedEmail {
  /** `waiting` until the other end of a change of address has confirmed, too. */
  status: 'verified' | 'changed' | 'waiting';
  email: string;
}

export const readLoginSession = (answer: Claims): LoginSession => ({
  id: readText(answer, 'id'),
  tenantId: readText(answer, 'tenant_id'),
  current: readFlag(answer, 'current'),
  provider: readText(answer, 'provider'),
  amr: readTexts(answer, 'amr', 64),
  browser: readNullable(answer, 'browser', readText),
  system: readNullable(answer, 'system', readText),
  deviceName: readOptional(answer, 'device_name', readText) ?? null,
  address: readNullable(answer, 'address', readText),
  place: readNullable(answer, 'place', readText),
  createdAt: readInstant(answer, 'created_at'),
  lastActiveAt: readInstant(answer, 'last_active_at'),
  expiresAt: readInstant(answer, 'expires_at'),
});

export const readEnrolment = (answer: Claims): TotpEnrolment => ({
  secret: readText(answer, 'secret'),
  otpauthUri: readText(answer, 'otpauth_uri', 2048),
  qrCode: readText(answer, 'qr_code', QR_LENGTH),
});

export const readEnrolled = (answer: Claims): Enrolled => ({
  backupCodes: readBackupCodes(answer),
  signedIn: readSignedIn(asObject(answer['signed_in'], 'signed_in')),
});

export const readVerifiedEmail = (answer: Claims): VerifiedEmail => ({
  status: readOneOf(answer, 'status', ['verified', 'changed', 'waiting']),
  email: readText(answer, 'email', 320),
});

export const readBackupCodes = (answer: Claims): readonly string[] => readTexts(answer, 'backup_codes', 64);

export const readRevoked = (answer: Claims): number => readCount(answer, 'revoked');

/** Whatever it says: that it came is what counts. */
export const readNothing = (): void => undefined;
