import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError, newId, notFound, occurred } from '#platform';
import { Authority } from '../authority.js';
import { ExportRequested } from '../events/index.js';
import { TenantExports } from '../persistence/tenant-exports.js';
import type { TenantExport } from './export-record.js';

/** How often a tenant may ask in a day: each reads everything it has. */
const A_DAY = 5;
const DAY_MS = 86_400_000;

/** Asks for a file of all that the tenant owns; the worker makes it. */
@Injectable()
export class RequestExport {
  constructor(
    private readonly db: Db,
    private readonly authority: Authority,
    private readonly exports: TenantExports,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 without `tenant:export`, 409 `EXPORT_RUNNING`, 429 `EXPORT_LIMIT_REACHED`. */
  async execute(actor: Actor): Promise<TenantExport> {
    const { id: askedBy, tenantId } = actor;
    if (!askedBy || !tenantId) throw notFound('tenant');
    const now = this.clock.now();
    const asked = { id: newId('exp'), askedBy, askedAt: now };

    await this.db.transaction(actor, async () => {
      // One decides at a time.
      await this.authority.must(actor, 'tenant:export');
      const standing = await this.exports.standing(new Date(now.getTime() - DAY_MS));
      if (standing.isUnderWay) {
        throw new DomainError('conflict', 'EXPORT_RUNNING', 'An export is being made already.');
      }
      if (standing.firstAt && standing.asked >= A_DAY) throw limitReached(standing.firstAt, now);
      await this.exports.insert(asked);
      this.db.record([occurred(ExportRequested, { exportId: asked.id, userId: askedBy }, now)]);
    });
    const [size, sha256, total, failure, endedAt, expiresAt] = [null, null, null, null, null, null];
    return { ...asked, status: 'queued', done: 0, total, size, sha256, failure, endedAt, expiresAt };
  }
}

function limitReached(firstAt: Date, now: Date): DomainError {
  const seconds = Math.ceil((firstAt.getTime() + DAY_MS - now.getTime()) / 1_000);
  return new DomainError(
    'too_many',
    'EXPORT_LIMIT_REACHED',
    `An organisation may be exported ${A_DAY} times a day.`,
    { retryAfterSeconds: Math.max(1, seconds) },
  );
}
