import { randomInt } from 'node:crypto';

/** Consonants, so that no word comes of it, and none that is taken for another (RFC 8628, 6.1). */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;

/** 20^8, about 2^34: enough where guesses are counted and a code holds for ten minutes (RFC 8628, 5.1). */
export const newUserCode = (): string =>
  Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** As people read it off: XXXX-XXXX. */
export const formatUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;

/** What somebody typed, in whatever case, with dashes and spaces wherever; null for what is no code. */
export function parseUserCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s\p{Pd}_.]/gu, '');
  return code.length === LENGTH && [...code].every((letter) => ALPHABET.includes(letter)) ? code : null;
}
