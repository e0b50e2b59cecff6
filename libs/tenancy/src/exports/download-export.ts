import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError, notFound, occurred } from '#platform';
import { Authority } from '../authority.js';
import { ExportDownloaded } from '../events/index.js';
import { TenantExports } from '../persistence/tenant-exports.js';
import { type ByteRange, byteRange } from './byte-range.js';
import { CHUNK_BYTES } from './export-file.js';

interface Wanted {
  exportId: string;
  /** The headers of the request by these names. */
  range: string | undefined;
  ifRange: string | undefined;
}

export interface Download {
  size: number;
  sha256: string;
  askedAt: Date;
  /** Null: all of it. */
  part: ByteRange | null;
  /** A piece at a time, each read when the one before has gone out. */
  bytes: AsyncGenerator<Buffer>;
}

/** Gives the file of an export; every time is told in the trail. */
@Injectable()
export class DownloadExport {
  constructor(
    private readonly db: Db,
    private readonly exports: TenantExports,
    private readonly authority: Authority,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 without `tenant:export`, 404, 409 `EXPORT_NOT_READY`. */
  async execute(actor: Actor, { exportId, range, ifRange }: Wanted): Promise<Download> {
    await this.authority.mustNow(actor, 'tenant:export');
    const found = await this.exports.find(actor, exportId);
    if (!found) throw notFound('export');
    const { size, sha256, askedAt } = found;
    if (found.status !== 'ready' || size === null || !sha256) {
      throw new DomainError('conflict', 'EXPORT_NOT_READY', 'The file is not there.', {
        details: { status: found.status },
      });
    }
    // A part of another file than the one that was begun would be no part of any.
    const isSame = ifRange === undefined || ifRange === `"${sha256}"`;
    const part = isSame ? byteRange(range, size) : null;
    const all = part ?? { from: 0, end: size };
    await this.db.transaction(actor, () => {
      this.db.record([occurred(ExportDownloaded, { exportId, from: all.from }, this.clock.now())]);
      return Promise.resolve();
    });
    return { size, sha256, askedAt, part, bytes: this.bytes(actor, exportId, all) };
  }

  private async *bytes(actor: Actor, exportId: string, { from, end }: ByteRange): AsyncGenerator<Buffer> {
    for (let at = from; at < end;) {
      const n = Math.floor(at / CHUNK_BYTES);
      // Who may not any more does not get the rest either: the connection breaks.
      await this.authority.mustNow(actor, 'tenant:export');
      const piece = await this.exports.chunk(actor, exportId, n);
      // Taken away meanwhile: the connection breaks, and nobody takes a half for the whole.
      if (!piece) throw new Error(`Piece ${n} of ${exportId} is gone.`);
      const start = n * CHUNK_BYTES;
      yield piece.subarray(at - start, end - start);
      at = start + piece.length;
    }
  }
}
