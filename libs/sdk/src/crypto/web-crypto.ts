import type { ClientCrypto } from './client-crypto.js';

/**
 * WebCrypto, for browsers and whatever else has `crypto.subtle` (only in secure contexts). Ed25519 is in it since
 * Firefox 129, Safari 17 and Chromium 137; without it every lease is refused.
 */
export const webCrypto: ClientCrypto = {
  verify: async (publicKey, message, signature) => {
    try {
      const key = await crypto.subtle.importKey('raw', publicKey.slice(), 'Ed25519', false, ['verify']);
      return await crypto.subtle.verify('Ed25519', key, signature.slice(), message.slice());
    } catch {
      return false;
    }
  },
  sha256: async (message) => new Uint8Array(await crypto.subtle.digest('SHA-256', message.slice())),
  hmacSha256: async (secret, message) => {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', secret.slice(), algorithm, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, message.slice()));
  },
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
