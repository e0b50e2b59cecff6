import { z } from 'zod';
import { DomainError } from '#platform';
import { type VaultSettings, VaultTransit } from '../keys/vault-transit.js';
import { RequestSigner } from './request-signer.js';

/** As Vault writes it; whatever else comes in is not sent on. */
const SIGNATURE = /^vault:v\d{1,6}:[\w+/=-]{1,2000}$/;

const Signed = z.object({ data: z.object({ signature: z.string().regex(SIGNATURE) }) });
const Verified = z.object({ data: z.object({ valid: z.boolean() }) });

/** A key of Vault's Transit engine: Vault says who may sign with it, and which of its versions still hold. */
export class VaultSigner extends RequestSigner {
  override readonly name = 'vault';
  private readonly transit: VaultTransit;

  constructor(
    settings: VaultSettings,
    private readonly key: string,
  ) {
    super();
    this.transit = new VaultTransit(settings);
  }

  override async sign(bytes: Buffer): Promise<string> {
    const { status, text } = await this.ask(`sign/${this.key}`, { input: bytes.toString('base64') });
    const signed = Signed.safeParse(status === 200 ? parsed(text) : null);
    if (!signed.success) throw unavailable(`Vault answered ${status} to sign/${this.key}.`);
    return signed.data.data.signature;
  }

  override async verify(bytes: Buffer, signature: string): Promise<boolean> {
    if (!SIGNATURE.test(signature)) return false;
    const { status, text } = await this.ask(`verify/${this.key}`, {
      input: bytes.toString('base64'),
      signature,
    });
    // It has read the request, and the signature is none of this key's: of a version that is gone, or cut.
    if (status === 400 && !/key/i.test(text)) return false;
    const verified = Verified.safeParse(status === 200 ? parsed(text) : null);
    if (!verified.success) throw unavailable(`Vault answered ${status} to verify/${this.key}.`);
    return verified.data.data.valid;
  }

  private async ask(path: string, body: object): Promise<{ status: number; text: string }> {
    try {
      return await this.transit.send('POST', path, body);
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const unavailable = (cause: unknown) =>
  new DomainError('unavailable', 'UNAVAILABLE', 'Signatures cannot be checked now; try again.', {
    retryAfterSeconds: 5,
    cause,
  });
