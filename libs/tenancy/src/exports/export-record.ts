import { z } from 'zod';
import { idOf } from '#platform';

export type ExportStatus = 'queued' | 'running' | 'ready' | 'failed';

/** Why an export gave no file. `INTERNAL`: the log knows. */
export type ExportFailure = 'TOO_LARGE' | 'INTERNAL' | 'REMOVED';

/** An export of a tenant, as its table has it. */
export interface TenantExport {
  id: string;
  status: ExportStatus;
  askedBy: string;
  askedAt: Date;
  /** Records written so far, and all that there are; null: not counted yet. */
  done: number;
  total: number | null;
  /** Of the file, in bytes. */
  size: number | null;
  /** Of the file, in hexadecimal. */
  sha256: string | null;
  failure: ExportFailure | null;
  endedAt: Date | null;
  /** Until when the file is there. */
  expiresAt: Date | null;
}

export const ExportParams = z.strictObject({ exportId: idOf('exp') });
