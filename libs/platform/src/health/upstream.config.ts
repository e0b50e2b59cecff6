import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { configOf, type Env, key32, secret, setting } from '../config/config.js';

/** RFC 8410, section 7: what stands before the 32 bytes of an Ed25519 private and public key in DER. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The issuer above us and the keys of the settings S4-25. All optional: what is not set counts as healthy and is
 * shown as not configured; what is set must be usable.
 */
export class UpstreamConfig extends configOf(
  'upstream',
  {
    auth0Domain: setting(
      'AUTH0_DOMAIN',
      z.string().transform(asIssuer).optional(),
      'The upstream issuer: a host name, or its origin.',
    ),
    auth0Audience: setting(
      'AUTH0_AUDIENCE',
      z.string().max(500).optional(),
      'The audience its tokens must name.',
    ),
    auth0ClientId: setting(
      'AUTH0_CLIENT_ID',
      z.string().max(200).optional(),
      'Our client id at that issuer.',
    ),
    firebaseProject: setting(
      'FIREBASE_PROJECT_ID',
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,99}$/, 'must be the id of a project')
        .optional(),
      'The Firebase project whose ID tokens sign people in.',
    ),
    firebaseEmulator: setting(
      'FIREBASE_AUTH_EMULATOR_HOST',
      z
        .string()
        .regex(/^[A-Za-z0-9.:[\]-]+:\d{1,5}$/, 'must be host:port')
        .optional(),
      'host:port of the Auth emulator. Its tokens are not signed: never in production.',
    ),
    commitKey: secret('COMMIT_KEY', key32().optional(), 'Keys commitments: 32 random bytes, base64.'),
    auditKey: secret(
      'AUDIT_KEY',
      z.string().transform(keyReader(readPrivateKey)).optional(),
      'Signs checkpoints of the audit trail: an Ed25519 private key, PEM or PKCS#8 in base64.',
    ),
    signingKey: secret(
      'ED25519_SK',
      z.string().transform(keyReader(readPrivateKey)).optional(),
      'Signs what clients verify offline: an Ed25519 private key, PEM, PKCS#8 or its 32 bytes in base64.',
    ),
    verifyKey: setting(
      'ED25519_VK',
      z.string().transform(keyReader(readPublicKey)).optional(),
      'The public half of ED25519_SK: PEM, SPKI or its 32 bytes in base64.',
    ),
    agentId: setting(
      'AGENT_ID',
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/, 'must be 1 to 128 letters, digits and . _ : @ / -')
        .optional(),
      'How this installation names itself in what it signs.',
    ),
  },
  (values, env) => [
    ...guardIssuer(values.auth0Domain, env),
    ...guardPair(values.signingKey, values.verifyKey),
  ],
) {}

function guardIssuer(issuer: URL | undefined, env: Env): string[] {
  if (!issuer || issuer.protocol === 'https:' || env === 'local' || env === 'test') return [];
  return ['AUTH0_DOMAIN: an issuer without https is for ENV=local and test only.'];
}

function guardPair(signingKey: KeyObject | undefined, verifyKey: KeyObject | undefined): string[] {
  if (!signingKey || !verifyKey || createPublicKey(signingKey).equals(verifyKey)) return [];
  return ['ED25519_VK: it is not the public half of ED25519_SK.'];
}

function asIssuer(value: string, context: z.RefinementCtx): URL {
  const url = URL.parse(/^https?:\/\//.test(value) ? value : `https://${value}`);
  if (url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password) return url;
  context.addIssue('must be a host name or an https origin, nothing behind it');
  return z.NEVER;
}

function keyReader(read: (value: string) => KeyObject) {
  return (value: string, context: z.RefinementCtx): KeyObject => {
    try {
      const key = read(value);
      if (key.asymmetricKeyType === 'ed25519') return key;
    } catch {
      // Node's own message may quote the key.
    }
    context.addIssue('is not an Ed25519 key of that form');
    return z.NEVER;
  };
}

function readPrivateKey(value: string): KeyObject {
  if (value.includes('-----BEGIN')) return createPrivateKey(withLines(value));
  const bytes = Buffer.from(value, 'base64');
  const der = bytes.length === 32 ? Buffer.concat([PKCS8_PREFIX, bytes]) : bytes;
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function readPublicKey(value: string): KeyObject {
  // Node makes a public key of a private one without a word; a private key here is a mistake worth telling.
  if (value.includes('PRIVATE')) throw new Error('A private key was given where the public one belongs.');
  if (value.includes('-----BEGIN')) return createPublicKey(withLines(value));
  const bytes = Buffer.from(value, 'base64');
  const der = bytes.length === 32 ? Buffer.concat([SPKI_PREFIX, bytes]) : bytes;
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** An .env file holds a PEM on one line, with `\n` written out. */
const withLines = (pem: string) => pem.replaceAll('\\n', '\n');
