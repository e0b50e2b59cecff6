import { crc16 } from './crc16.js';

export const LICENSE_TYPES = ['FREE', 'PRO', 'TEAM', 'ENTERPRISE'] as const;
export type LicenseType = (typeof LICENSE_TYPES)[number];

const FORM = /^([A-Z0-9]+)-(FREE|PRO|TEAM|ENTERPRISE)-([0-9A-F]{12})-([0-9A-F]{4})$/;
/** Keys from before the types: no checksum, so a mistake shows only when the key is looked up. */
const LEGACY_FORM = /^([A-Z0-9]+)-([A-Z0-9]{12})$/;
/** Longer than any key; a megabyte of text must not meet a regular expression. */
const MAX_LENGTH = 64;

/** A key taken apart. The type is a hint; the licence's row decides (C6). */
export interface LicenseKeyParts {
  brand: string;
  type: LicenseType;
  hash12: string;
}

/** A key of the older form `{BRAND}-{RANDOM12}` taken apart; RANDOM12 is twelve of A-Z and 0-9 (C6). */
export interface LegacyKeyParts {
  brand: string;
  random12: string;
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

/**
 * The parts of a well-formed key, else null; works offline. A typed key whose checksum does not hold is null: it
 * catches every single wrong character and every swap of two neighbours. A legacy key has none.
 */
export function parseLicenseKey(text: string): LicenseKeyParts | LegacyKeyParts | null {
  const key = normalizeLicenseKey(text);
  if (key.length > MAX_LENGTH) return null;
  const typed = FORM.exec(key);
  if (typed) {
    const [, brand, type, hash12, checksum] = typed as unknown as [
      string,
      string,
      LicenseType,
      string,
      string,
    ];
    return checksum === checksumOf(`${brand}-${type}-${hash12}`) ? { brand, type, hash12 } : null;
  }
  const [, brand, random12] = LEGACY_FORM.exec(key) ?? [];
  return brand && random12 ? { brand, random12 } : null;
}

/** What may be shown: brand and type, the rest hidden but for the checksum; of a legacy key the brand. */
export function maskLicenseKey(key: string): string {
  const parts = key.split('-');
  if (parts.length === 2) return `${parts[0]}-${hidden(parts[1])}`;
  return [...parts.slice(0, -2), hidden(parts.at(-2)), parts.at(-1)].join('-');
}

const hidden = (part = '') => '*'.repeat(part.length);

const checksumOf = (body: string) => crc16(body).toString(16).toUpperCase().padStart(4, '0');
