import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** All pieces of a file but its last are so long: where a byte is, is known without looking. */
export const CHUNK_BYTES = 262_144;

/** The file is larger than it may be. */
export class TooLarge extends Error {}

interface FileTarget {
  maxBytes: number;
  /** Keeps piece number `n`, from 0 on. Called one after the other. */
  put(n: number, bytes: Buffer): Promise<void>;
}

/**
 * Compresses text as it comes and hands the file over in pieces; what is in memory is one text and one piece. Gives its
 * size and digest. Throws {@link TooLarge}, and whatever the text or the target throw.
 */
export async function writeFile(
  text: AsyncIterable<string>,
  { maxBytes, put }: FileTarget,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  let n = 0;
  let pending = Buffer.alloc(0);
  const keep = async (piece: Buffer) => {
    hash.update(piece);
    await put(n++, piece);
  };
  await pipeline(Readable.from(text), createGzip(), async (compressed: AsyncIterable<Buffer>) => {
    for await (const bytes of compressed) {
      size += bytes.length;
      if (size > maxBytes) throw new TooLarge();
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= CHUNK_BYTES) {
        await keep(pending.subarray(0, CHUNK_BYTES));
        pending = pending.subarray(CHUNK_BYTES);
      }
    }
    if (pending.length > 0) await keep(pending);
  });
  return { size, sha256: hash.digest('hex') };
}
