import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError, type Env } from '#platform';
import { RequestSigner } from './request-signer.js';

const PREFIX = 'file:v1:';
/** 64 bytes in base64. */
const SIGNATURE = /^file:v1:[A-Za-z0-9+/]{86}==$/;

/**
 * An Ed25519 key in a file, for developers. Whoever can read the file can make service accounts of any organisation, so
 * neither production nor staging takes it.
 */
export class FileSigner extends RequestSigner {
  override readonly name = 'file';
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;

  /** Throws ConfigError in production and staging, and for a file that holds no such key. */
  constructor(file: string, env: Env) {
    super();
    if (env === 'production' || env === 'staging')
      throw new ConfigError(['AUTH_ISSUE_KEY_PATH: a key in a file is for developers; it is refused here.']);
    this.privateKey = read(file);
    this.publicKey = createPublicKey(this.privateKey);
  }

  override async sign(bytes: Buffer): Promise<string> {
    return PREFIX + sign(null, bytes, this.privateKey).toString('base64');
  }

  override async verify(bytes: Buffer, signature: string): Promise<boolean> {
    if (!SIGNATURE.test(signature)) return false;
    return verify(null, bytes, this.publicKey, Buffer.from(signature.slice(PREFIX.length), 'base64'));
  }
}

function read(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Told below: what is wrong with the file is not for a log.
  }
  throw new ConfigError([`AUTH_ISSUE_KEY_PATH: ${file} is no Ed25519 private key in PEM.`]);
}
