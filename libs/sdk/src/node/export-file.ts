import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { ApiError } from '../api/api-error.js';
import type { ExportsApi } from '../api/exports-api.js';
import { aborted } from '../api/refusals.js';
import { pause } from '../api/time-limit.js';
import { systemTime } from '../client/platform.js';

const MODE = 0o600;
/** Of so many broken connections without a byte between them the last is told, ms before the next. */
const WAITS_MS = [500, 2_000, 5_000, 15_000];

/**
 * Writes the file of an export to `path`, its owner's alone (0600): beside it until it is whole, so whoever finds it there
 * has all of it, as its SHA-256 shows. A broken connection goes on where it broke. Gives its size in bytes. Throws ApiError,
 * or what the file system says.
 */
export async function saveExport(
  exports: ExportsApi,
  id: string,
  path: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<number> {
  const { sha256 } = await exports.get(id, { signal });
  const part = `${path}.part`;
  const file = await open(part, 'w', MODE);
  try {
    const size = await download(file, exports, id, signal).finally(() => file.close());
    if (sha256 !== null && sha256 !== (await digestOf(part))) throw damaged();
    await rename(part, path);
    return size;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function download(
  file: FileHandle,
  exports: ExportsApi,
  id: string,
  signal?: AbortSignal,
): Promise<number> {
  let [written, broken] = [0, 0];
  let etag: string | undefined;
  for (;;) {
    try {
      const answer = await exports.open(id, { from: written, etag, signal });
      // Another file by now: this one begins anew.
      if (answer.from !== written) await file.truncate((written = answer.from));
      etag = answer.etag ?? undefined;
      for await (const piece of answer.body) {
        await file.write(piece, 0, piece.byteLength, written);
        written += piece.byteLength;
        broken = 0;
      }
      if (answer.size !== null && answer.size !== written) throw cutOff();
      await file.sync();
      return written;
    } catch (error) {
      const wait = WAITS_MS[broken++];
      if (!(error instanceof ApiError && error.isUnreachable) || signal?.aborted || wait === undefined)
        throw error;
      await pause(wait, (ms, work) => systemTime.after(ms, work, { keepAlive: true }), signal);
      if (signal?.aborted) throw aborted();
    }
  }
}

const cutOff = () => new ApiError({ status: null, code: 'UNREACHABLE', message: 'The file was cut off.' });

const damaged = () =>
  new ApiError({ status: null, code: 'BAD_ANSWER', message: 'The file is not the one that was made.' });

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
