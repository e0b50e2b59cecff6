import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { DomainError } from '#platform';
import type { SigningAlgorithm } from './algorithms.js';
import { type KeptKey, KeyStore } from './key-store.js';
import { type VaultSettings, VaultTransit } from './vault-transit.js';

interface VaultKeysSettings extends VaultSettings {
  /** What the names of our keys begin with; Vault's policy is written for it. */
  prefix: string;
}

const TYPES: Readonly<Record<SigningAlgorithm, string>> = {
  RS256: 'rsa-2048',
  ES256: 'ecdsa-p256',
  EdDSA: 'ed25519',
};

/** RFC 8410, 4: what stands before the 32 bytes of an Ed25519 public key in DER. */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Reading what is not there is a 404, configuring it a 400. */
const NO_SUCH_KEY = /could be found|not found/;

const ReadKey = z.object({
  data: z.object({
    latest_version: z.int(),
    keys: z.record(z.string(), z.object({ public_key: z.string() })),
  }),
});
const Signed = z.object({ data: z.object({ signature: z.string().regex(/^vault:v\d+:[\w+/=-]+$/) }) });

/**
 * A key of Vault's Transit engine for each of ours: the private halves never leave Vault. Which one signs is our
 * business, so Vault's own rotation of a key stays unused.
 * https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export class VaultKeys extends KeyStore {
  override readonly name = 'vault';

  private readonly transit: VaultTransit;

  constructor(private readonly settings: VaultKeysSettings) {
    super();
    this.transit = new VaultTransit(settings);
  }

  override async generate(algorithm: SigningAlgorithm): Promise<KeptKey> {
    const ref = `${this.settings.prefix}-${randomBytes(10).toString('hex')}`;
    await this.call('POST', `keys/${ref}`, { type: TYPES[algorithm], exportable: false });
    const { data } = ReadKey.parse(await this.call('GET', `keys/${ref}`));
    const text = data.keys[String(data.latest_version)]?.public_key ?? '';
    return { ref, publicKey: publicKeyOf(text) };
  }

  override async holds(ref: string): Promise<boolean> {
    return (await this.call('GET', `keys/${this.checked(ref)}`)) !== null;
  }

  override async sign(ref: string, algorithm: SigningAlgorithm, bytes: Buffer): Promise<Buffer> {
    const hash = algorithm === 'EdDSA' ? '' : '/sha2-256';
    const answer = await this.call('POST', `sign/${this.checked(ref)}${hash}`, {
      input: bytes.toString('base64'),
      // Vault's own choices are PSS and ASN.1, which are other algorithms in JWS.
      ...(algorithm === 'RS256' ? { signature_algorithm: 'pkcs1v15' } : {}),
      ...(algorithm === 'ES256' ? { marshaling_algorithm: 'jws' } : {}),
    });
    const signed = Signed.safeParse(answer);
    if (!signed.success) throw unavailable('Vault signed nothing.');
    // "jws" comes in base64url, the others in base64; Node reads both as either.
    return Buffer.from(signed.data.data.signature.split(':')[2] ?? '', 'base64');
  }

  override async destroy(ref: string): Promise<void> {
    const known = await this.call('POST', `keys/${this.checked(ref)}/config`, { deletion_allowed: true });
    if (known !== null) await this.call('DELETE', `keys/${ref}`);
  }

  /** The answer's body, `{}` for an empty one, null for what Vault does not have. */
  private async call(method: string, path: string, body?: object): Promise<unknown> {
    try {
      const { status, text } = await this.transit.send(method, path, body);
      if (status === 404 || (status === 400 && NO_SUCH_KEY.test(text))) return null;
      // What Vault says may quote what was sent.
      if (status < 200 || status > 299) throw new Error(`Vault answered ${status} to ${method} ${path}.`);
      return text ? JSON.parse(text) : {};
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** Refs come from the database: none of them may name another path of Vault. */
  private checked(ref: string): string {
    if (ref.startsWith(`${this.settings.prefix}-`) && /^[\w-]+$/.test(ref)) return ref;
    throw unavailable('Not the name of a key of ours.');
  }
}

/** PEM, except for Ed25519: its 32 bytes in base64. */
function publicKeyOf(text: string): KeyObject {
  if (text.includes('-----BEGIN')) return createPublicKey(text);
  const der = Buffer.concat([SPKI_ED25519, Buffer.from(text, 'base64')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

const unavailable = (cause: unknown) =>
  new DomainError('unavailable', 'UNAVAILABLE', 'Tokens cannot be signed now; try again.', {
    retryAfterSeconds: 5,
    cause,
  });
