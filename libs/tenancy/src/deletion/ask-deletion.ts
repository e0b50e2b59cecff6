import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, notFound } from '#platform';
import { Authority } from '../authority.js';
import { Tenants } from '../persistence/tenants.js';
import { DeletionConfig } from './deletion.config.js';

export const AskDeletionInput = z.strictObject({
  /** The organisation's, once more: nobody deletes the wrong one. */
  slug: z.string().min(1).max(63).meta({ example: 'acme-tools' }),
});

/** When the organisation ends, as its owners are told. */
export interface Deletion {
  askedAt: Date;
  deletesAt: Date;
  askedBy: string;
}

/** Asks for the end of an organisation, and takes that back. */
@Injectable()
export class AskDeletion {
  constructor(
    private readonly db: Db,
    private readonly authority: Authority,
    private readonly tenants: Tenants,
    private readonly config: DeletionConfig,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 without `tenant:delete`, 409 `DELETION_PENDING`, 422 `SLUG_MISMATCH`. */
  async execute(actor: Actor, { slug }: z.output<typeof AskDeletionInput>): Promise<Deletion> {
    const { id: askedBy, tenantId } = actor;
    if (!askedBy || !tenantId) throw notFound('tenant');
    const now = this.clock.now();
    return this.db.transaction(actor, async () => {
      const { tenant } = await this.authority.must(actor, 'tenant:delete');
      if (tenant.slug !== slug) {
        throw new DomainError('invalid', 'SLUG_MISMATCH', 'That is not the slug of this organisation.');
      }
      tenant.askDeletion({ userId: askedBy, graceDays: this.config.graceDays }, now);
      await this.tenants.save(tenant);
      return { askedAt: now, deletesAt: tenant.deletesAt ?? now, askedBy };
    });
  }

  /** Throws 403 without `tenant:delete`, 409 `DELETION_NOT_PENDING`. */
  async takeBack(actor: Actor): Promise<void> {
    await this.db.transaction(actor, async () => {
      const { tenant } = await this.authority.must(actor, 'tenant:delete');
      tenant.restore(this.clock.now());
      await this.tenants.save(tenant);
    });
  }
}
