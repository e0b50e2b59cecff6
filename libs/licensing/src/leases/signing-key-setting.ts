import { z } from 'zod';
import { key32 } from '#platform';

/** `next` is published before it signs; `retiring` signs no more, and what it signed stays good. */
export type SigningKeyStatus = 'active' | 'next' | 'retiring' | 'compromised';

/** An Ed25519 key as it is configured. */
export interface ConfiguredKey {
  kid: string;
  /** 32 bytes (RFC 8032, section 5.1.5). */
  seed: Buffer;
  status: SigningKeyStatus;
  /** When it came to that status; whole seconds, so that every process says the same. */
  since: Date;
}

const MARKS: Record<string, SigningKeyStatus> = {
  '': 'active',
  '+': 'next',
  '-': 'retiring',
  '!': 'compromised',
};
/** Clients take this many key sets with an activation, and each key in use signs one. */
export const SIGNING_KEYS_MAX = 16;

const ENTRY =
  /^([!+-]?)([A-Za-z0-9][A-Za-z0-9._-]{0,63}):([A-Za-z0-9+/]{43}=)@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/;

/**
 * `kid:SEED@SINCE`, separated by commas; a mark in front tells the status. Exactly one without a mark signs.
 * `gatehouse-admin signing-keys` writes the next value.
 */
export const signingKeySetting = () =>
  z
    .string()
    .transform((text, context): ConfiguredKey[] => {
      const keys = text.split(',').map((entry) => {
        const [, mark = '', kid = '', seed = '', since = ''] = ENTRY.exec(entry.trim()) ?? [];
        const key = key32().safeParse(seed);
        if (kid === '' || Number.isNaN(Date.parse(since)) || !key.success) {
          context.addIssue('must be entries like kid:BASE64@2026-11-22T09:30:00Z with 32 random bytes each');
          return null;
        }
        return { kid, seed: key.data, status: MARKS[mark]!, since: new Date(since) };
      });
      return keys.filter((key) => key !== null);
    })
    .refine((keys) => new Set(keys.map((key) => key.kid)).size === keys.length, 'must not name a kid twice')
    .refine(
      (keys) => new Set(keys.map((key) => key.seed.toString('hex'))).size === keys.length,
      'must not have one key under two kids',
    )
    .refine(
      (keys) => keys.filter((key) => key.status === 'active').length === 1,
      'must have exactly one key without a mark: the one that signs',
    )
    .refine((keys) => keys.length <= SIGNING_KEYS_MAX, `must not have more than ${SIGNING_KEYS_MAX} keys`);

/** The setting that `keys` are read from. */
export const writeSigningKeys = (keys: readonly ConfiguredKey[]): string =>
  keys
    .map((key) => `${markOf(key.status)}${key.kid}:${key.seed.toString('base64')}@${atSecond(key.since)}`)
    .join(',');

const markOf = (status: SigningKeyStatus) => Object.keys(MARKS).find((mark) => MARKS[mark] === status) ?? '';

const atSecond = (at: Date) => `${at.toISOString().slice(0, 19)}Z`;
