import {
  bad,
  type Claims,
  has,
  parseObject,
  readInstant,
  readMatch,
  readOneOf,
  readText,
  readTexts,
  toInstant,
} from './claims.js';
import { DEVICE_HASH } from './device.js';
import { InvalidDocument } from './invalid-document.js';
import { KEY_SET_MAX_LENGTH } from './key-set.js';
import { LEASE_MAX_LENGTH } from './lease.js';

const REQUEST_TYPE = 'gatehouse-activation-request';
const RESPONSE_TYPE = 'gatehouse-activation-response';
/** 16 random bytes. */
const NONCE = /^[0-9a-f]{32}$/;
/** In characters, both: the files pass through many hands. */
const REQUEST_MAX_LENGTH = 4096;
const MAX_KEY_SETS = 16;
const RESPONSE_MAX_LENGTH = LEASE_MAX_LENGTH + (MAX_KEY_SETS + 1) * KEY_SET_MAX_LENGTH;

/**
 * What a machine without a network asks for. Not signed: whoever holds the licence key may ask, and the answer works on
 * the named device alone. The file is as secret as the key in it.
 */
export type ActivationRequest = {
  /** See deviceMessage. */
  device: string;
  /** 16 random bytes in hexadecimal; comes back inside the signed lease. */
  nonce: string;
  /** By the asking machine's clock, epoch ms. */
  createdAt: number;
} & ({ licenseKey: string; licenseId?: undefined } | { licenseId: string; licenseKey?: undefined });

/** What is carried back: a lease of a chosen life (leaseLife), and the key sets that lead from old keys to its own. */
export interface ActivationResponse {
  /** The token of encodeLease, with the request's device and nonce. */
  lease: string;
  /** Tokens of encodeKeySet; may be empty. */
  keySets: readonly string[];
}

/** The request as the text of a file. Throws InvalidDocument when it could not be read back. */
export function encodeActivationRequest(request: ActivationRequest): string {
  const text = file({
    type: REQUEST_TYPE,
    version: '1',
    ...(request.licenseKey === undefined
      ? { license_id: request.licenseId }
      : { license_key: request.licenseKey }),
    device: request.device,
    nonce: request.nonce,
    created_at: toInstant(request.createdAt),
  });
  parseActivationRequest(text);
  return text;
}

/** The request in a file. Throws InvalidDocument. The licence key is as typed: normalise and look it up. */
export function parseActivationRequest(text: string): ActivationRequest {
  const claims = open(text, REQUEST_TYPE, REQUEST_MAX_LENGTH);
  const common = {
    device: readMatch(claims, 'device', DEVICE_HASH, '64 hexadecimal digits'),
    nonce: readMatch(claims, 'nonce', NONCE, '32 hexadecimal digits'),
    createdAt: readInstant(claims, 'created_at'),
  };
  if (has(claims, 'license_key') === has(claims, 'license_id')) {
    throw bad('license_key', 'there, or license_id, and not both');
  }
  return has(claims, 'license_key')
    ? { ...common, licenseKey: readText(claims, 'license_key', 128) }
    : { ...common, licenseId: readText(claims, 'license_id') };
}

/** The response as the text of a file. Throws InvalidDocument when it could not be read back. */
export function encodeActivationResponse(response: ActivationResponse): string {
  const text = file({ type: RESPONSE_TYPE, version: '1', lease: response.lease, key_sets: response.keySets });
  parseActivationResponse(text);
  return text;
}

/** The response in a file, its signatures not yet checked: acceptActivation does that. Throws InvalidDocument. */
export function parseActivationResponse(text: string): ActivationResponse {
  const claims = open(text, RESPONSE_TYPE, RESPONSE_MAX_LENGTH);
  return {
    lease: readText(claims, 'lease', LEASE_MAX_LENGTH),
    keySets: readTexts(claims, 'key_sets', MAX_KEY_SETS, KEY_SET_MAX_LENGTH),
  };
}

const file = (content: Claims) => `${JSON.stringify(content, null, 2)}\n`;

function open(text: string, type: string, maxLength: number): Claims {
  if (text.length > maxLength)
    throw new InvalidDocument('TOO_LARGE', `A ${type} has at most ${maxLength} characters.`);
  const claims = parseObject(text, type);
  if (claims['type'] !== type) throw new InvalidDocument('WRONG_TYPE', `It is not a ${type}.`);
  readOneOf(claims, 'version', ['1']);
  return claims;
}
