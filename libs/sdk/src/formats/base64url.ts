const encoder = new TextEncoder();
const ascii = new TextDecoder('latin1');
const DIGITS = encoder.encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const FORM = /^[A-Za-z0-9_-]*$/;

/** Base64url without padding (RFC 7515, section 2). By table: btoa and its replacements take nine times as long. */
export function toBase64url(bytes: Uint8Array): string {
  const digits = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const group = (bytes[from]! << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    // What is written past the end of a typed array is dropped: a short last group gives two or three digits.
    digits[to] = DIGITS[group >> 18]!;
    digits[to + 1] = DIGITS[(group >> 12) & 63]!;
    digits[to + 2] = DIGITS[(group >> 6) & 63]!;
    digits[to + 3] = DIGITS[group & 63]!;
  }
  return ascii.decode(digits);
}

/**
 * The bytes of unpadded base64url, else null. Only the one canonical spelling is taken: a last character with stray
 * bits would give two texts for one signature.
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!FORM.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return toBase64url(bytes) === text ? bytes : null;
}

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);
