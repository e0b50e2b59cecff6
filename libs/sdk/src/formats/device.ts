import { utf8 } from './base64url.js';

export const DEVICE_HASH = /^[0-9a-f]{64}$/;

/** Told apart from any other SHA-256 of a hardware id that somebody may keep. */
const DOMAIN = 'gatehouse-device-v1\0';

/**
 * What a lease's `device` is the SHA-256 of, in lower-case hexadecimal: both sides can compute it from the hardware id
 * the client sends. Not for storage: there the hash is keyed per tenant (C37).
 */
export const deviceMessage = (hardwareId: string): Uint8Array<ArrayBuffer> => utf8(DOMAIN + hardwareId);
