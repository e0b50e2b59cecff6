import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, type SealedBox } from '#platform';
import { generatePair, type SigningAlgorithm, signWith } from './algorithms.js';
import { type KeptKey, KeyStore } from './key-store.js';

/** Names that we made, and no others: a name is never a path. */
const REF = /^[0-9a-f]{32}$/;

/**
 * A file for each key, encrypted under SECRETS_KEY and bound to its name. Every process of the API needs the same
 * directory.
 */
export class FileKeys extends KeyStore {
  override readonly name = 'file';
  /** Parsing PEM or DER for each signature makes it five times slower. */
  private readonly opened = new Map<string, KeyObject>();

  constructor(
    private readonly directory: string,
    private readonly box: SealedBox,
  ) {
    super();
  }

  override async generate(algorithm: SigningAlgorithm): Promise<KeptKey> {
    const { privateKey, publicKey } = await generatePair(algorithm);
    const ref = randomBytes(16).toString('hex');
    await this.write(ref, this.box.seal(privateKey.export({ format: 'der', type: 'pkcs8' }), contextOf(ref)));
    this.opened.set(ref, privateKey);
    return { ref, publicKey };
  }

  override async holds(ref: string): Promise<boolean> {
    if (!REF.test(ref)) return false;
    return access(this.path(ref)).then(
      () => true,
      () => false,
    );
  }

  override async sign(ref: string, algorithm: SigningAlgorithm, bytes: Buffer): Promise<Buffer> {
    return signWith(algorithm, this.opened.get(ref) ?? (await this.read(ref)), bytes);
  }

  override async destroy(ref: string): Promise<void> {
    this.opened.delete(ref);
    if (REF.test(ref)) await rm(this.path(ref), { force: true });
  }

  private async read(ref: string): Promise<KeyObject> {
    try {
      if (!REF.test(ref)) throw new Error('Not the name of a key.');
      const der = this.box.open(await readFile(this.path(ref)), contextOf(ref));
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      this.opened.set(ref, key);
      return key;
    } catch (cause) {
      throw new DomainError('unavailable', 'UNAVAILABLE', 'Tokens cannot be signed now; try again.', {
        retryAfterSeconds: 5,
        cause,
      });
    }
  }

  /** Whole and on the disk, or not at all: a key that signs must not be lost to a power cut. */
  private async write(ref: string, sealed: Buffer): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const unfinished = `${this.path(ref)}.new`;
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(sealed);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, this.path(ref));
  }

  private readonly path = (ref: string) => join(this.directory, `${ref}.key`);
}

const contextOf = (ref: string) => `signing-key:${ref}`;
