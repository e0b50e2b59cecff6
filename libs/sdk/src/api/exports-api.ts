import { asObject, type Claims, readCount, readInstant, readNullable, readText } from '../formats/claims.js';
import { readNothing } from './account-answers.js';
import { ApiError } from './api-error.js';
import type { CallOptions, Caller } from './caller.js';
import { pause } from './time-limit.js';

/** A file of all that the organisation owns: one gzipped text of JSON lines. Times are epoch ms. */
export interface TenantExport {
  id: string;
  /** `queued`, `running`, `ready` (the file can be had) or `failed`. */
  status: string;
  /** In records; `total` null: not counted yet. */
  progress: { done: number; total: number | null };
  askedBy: string;
  askedAt: number;
  /** Of the file, in bytes; null: there is none yet. */
  size: number | null;
  /** Of the file, in hexadecimal. */
  sha256: string | null;
  /** Why it came to nothing, such as `TOO_LARGE`. */
  failure: string | null;
  endedAt: number | null;
  /** When the file goes away; null: there is none yet. */
  expiresAt: number | null;
}

/** A file that is read piece by piece. */
export interface ExportFile {
  /** Of the whole file, in bytes; null: not told. */
  size: number | null;
  /** Where this begins in it, in bytes. */
  from: number;
  /** Tells one file from another; null: a broken download begins anew. */
  etag: string | null;
  body: ReadableStream<Uint8Array>;
}

const EXPORTS = '/api/v1/tenant/exports';
/** Between two looks at one that is being made, ms: at first, and at most. */
const FIRST_LOOK_MS = 500;
const LOOK_MS = 5_000;

/** Files of all that an organisation owns. Every method throws ApiError and nothing else. */
export class ExportsApi {
  constructor(private readonly caller: Caller) {}

  list({ limit = 100 }: { limit?: number } = {}): AsyncGenerator<TenantExport, void, undefined> {
    return this.caller.list(EXPORTS, limit, readExport);
  }

  /** Begins one; who asks has shown a short time ago who they are (ReauthenticationRequired). */
  start(): Promise<TenantExport> {
    return this.caller.asBearer({ method: 'POST', path: EXPORTS, read: readExport });
  }

  get(id: string, options: CallOptions = {}): Promise<TenantExport> {
    return this.caller.asBearer({ method: 'GET', path: pathOf(id), read: readExport, ...options });
  }

  delete(id: string): Promise<void> {
    return this.caller.asBearer({ method: 'DELETE', path: pathOf(id), read: readNothing });
  }

  /** Waits until one is made, and tells how far it is. Throws `EXPORT_FAILED` for one that comes to nothing. */
  async finished(
    id: string,
    { onProgress, signal }: { onProgress?: (now: TenantExport) => void; signal?: AbortSignal } = {},
  ): Promise<TenantExport> {
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 1.5, LOOK_MS)) {
      const now = await this.get(id, { signal }).catch((error: unknown) => {
        // The server makes it, whether somebody looks or not.
        if (signal?.aborted || !(error instanceof ApiError && error.isUnreachable)) throw error;
        return null;
      });
      if (now) onProgress?.(now);
      if (now?.status === 'ready') return now;
      if (now?.status === 'failed') throw failed(now);
      await pause(wait, this.caller.after, signal);
    }
  }

  /** The file, from byte `from` of the one with this `etag` on, or from its beginning where it is another one by now. */
  async open(
    id: string,
    { from = 0, etag, signal }: { from?: number; etag?: string; signal?: AbortSignal } = {},
  ): Promise<ExportFile> {
    const headers: Record<string, string> =
      from > 0 && etag !== undefined ? { range: `bytes=${from}-`, 'if-range': etag } : {};
    const answer = await this.caller.open({ method: 'GET', path: `${pathOf(id)}/file`, headers, signal });
    const begin = answer.status === 206 ? Number(/^bytes (\d+)-/.exec(rangeOf(answer.headers))?.[1]) : 0;
    const length = Number(answer.headers.get('content-length') ?? Number.NaN);
    return {
      size: Number.isSafeInteger(length) ? begin + length : null,
      from: begin,
      etag: answer.headers.get('etag'),
      body: answer.body,
    };
  }
}

const failed = ({ failure }: TenantExport) =>
  new ApiError({
    status: null,
    code: 'EXPORT_FAILED',
    message: `The export came to nothing (${failure ?? 'for no reason that was told'}).`,
    details: { failure },
  });

const pathOf = (id: string) => `${EXPORTS}/${encodeURIComponent(id)}`;

const rangeOf = (headers: Headers) => headers.get('content-range') ?? '';

const readExport = (answer: Claims): TenantExport => {
  const progress = asObject(answer['progress'], 'progress');
  return {
    id: readText(answer, 'id'),
    status: readText(answer, 'status'),
    progress: { done: readCount(progress, 'done'), total: readNullable(progress, 'total', readCount) },
    askedBy: readText(answer, 'asked_by'),
    askedAt: readInstant(answer, 'asked_at'),
    size: readNullable(answer, 'size', readCount),
    sha256: readNullable(answer, 'sha256', readText),
    failure: readNullable(answer, 'failure', readText),
    endedAt: readNullable(answer, 'ended_at', readInstant),
    expiresAt: readNullable(answer, 'expires_at', readInstant),
  };
};
