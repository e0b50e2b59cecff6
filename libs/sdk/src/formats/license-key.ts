import { crc16 } from './crc16.js';

export const LICENSE_TYPES = ['FREE', 'PRO', 'TEAM', 'ENTERPRISE'] as const;
export type LicenseType = (typeof LICENSE_TYPES)[number];

const FORM = /^([A-Z0-9]+)-(FREE|PRO|TEAM|ENTERPRISE)-([0-9A-F]{12})-([0-9A-F]{4})$/;
/** Longer than any key; a megabyte of text must not meet a regular expression. */
const MAX_LENGTH = 64;

/** A key taken apart. The type is a hint; the licence's row decides (C6). */
export interface LicenseKeyParts {
  brand: string;
  type: LicenseType;
  hash12: string;
}

/** `{BRAND}-{TYPE}-{HASH12}-{CHECKSUM4}`; the checksum covers everything before its hyphen. */
export function formatLicenseKey(parts: LicenseKeyParts): string {
  const body = `${parts.brand}-${parts.type}-${parts.hash12}`;
  return `${body}-${checksumOf(body)}`;
}

/** The key as it is stored and hashed: upper case, no white space. Forgives how people type. */
export function normalizeLicenseKey(text: string): string {
  return text
    .slice(0, MAX_LENGTH * 2)
    .replace(/\s+/g, '')
    .toUpperCase();
}

/** The parts of a well-formed key whose checksum holds, else null. Works offline. */
export function parseLicenseKey(text: string): LicenseKeyParts | null {
  const key = normalizeLicenseKey(text);
  if (key.length > MAX_LENGTH) return null;
  const match = FORM.exec(key);
  if (!match) return null;
  const [, brand, type, hash12, checksum] = match as unknown as [string, string, LicenseType, string, string];
  return checksum === checksumOf(`${brand}-${type}-${hash12}`) ? { brand, type, hash12 } : null;
}

/** What may be shown: brand and type, the rest hidden but for the checksum. */
export function maskLicenseKey(key: string): string {
  const parts = key.split('-');
  return [...parts.slice(0, -2), '*'.repeat(parts.at(-2)?.length ?? 0), parts.at(-1)].join('-');
}

const checksumOf = (body: string) => crc16(body).toString(16).toUpperCase().padStart(4, '0');
