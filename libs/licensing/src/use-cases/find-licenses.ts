import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, idOf, type Page, pageOf } from '#platform';
import { LicenseDirectory } from '../persistence/license-directory.js';
import type { LicenseRow } from '../persistence/license-row.js';

export const FindLicensesInput = z.strictObject({
  tenantId: idOf('ten').optional(),
  status: z.enum(['active', 'suspended', 'revoked', 'transferred']).optional(),
  tier: z.string().max(20).optional(),
  limit: z.int().min(1).max(1_000).default(50),
  cursor: idOf('lic').optional(),
});

/** Licences of every tenant, without their keys. Operators only. */
@Injectable()
export class FindLicenses {
  constructor(private readonly directory: LicenseDirectory) {}

  /** By id or key. Throws 404. */
  async one(actor: Actor, ref: string): Promise<LicenseRow> {
    actor.must('operator:licenses');
    return this.directory.get(ref);
  }

  async page(
    actor: Actor,
    { limit, cursor, ...filter }: z.output<typeof FindLicensesInput>,
  ): Promise<Page<LicenseRow>> {
    actor.must('operator:licenses');
    const rows = await this.directory.page(filter, cursor ?? null, limit + 1);
    return pageOf(rows, limit, ({ id }) => id);
  }
}
