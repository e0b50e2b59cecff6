import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, DomainError, idOf, type Page, pageOf, SealedBox } from '#platform';
import type { LicenseType } from '#sdk/formats';
import { type Terms, termsAt } from '../domain/terms.js';
import { Catalogue } from '../persistence/catalogue.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { Licenses } from '../persistence/licenses.js';
import { FIRST_PLAN } from './issue-license.js';
import { keyContext } from './mint-license.js';

export const LicenseParams = z.strictObject({ licenseId: idOf('lic') });

export const PageInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('lic').optional(),
});

/** The licences of the actor's tenant, the full key for those who may reveal it. */
@Injectable()
export class ReadLicenses {
  constructor(
    private readonly licenses: Licenses,
    private readonly catalogue: Catalogue,
    private readonly clock: Clock,
    private readonly box: SealedBox,
  ) {}

  /** Throws 403 without `licenses:read`, 404 for what is not the tenant's. `key` is null without `licenses:reveal`. */
  async one(actor: Actor, licenseId: string): Promise<LicenseRow & { key: string | null }> {
    actor.must('licenses:read');
    const row = await this.licenses.get(actor, licenseId);
    const key = actor.scopes.has('licenses:reveal') ? await this.reveal(actor, licenseId) : null;
    return { ...row, key };
  }

  /** A page by id; `nextCursor` is null on the last one. */
  async page(actor: Actor, { limit, cursor }: z.output<typeof PageInput>): Promise<Page<LicenseRow>> {
    actor.must('licenses:read');
    const rows = await this.licenses.page(actor, cursor ?? null, limit + 1);
    return pageOf(rows, limit, ({ id }) => id);
  }

  /**
   * Of the licences of the actor's tenant that have not ended, the one that it buys, else the oldest: what its plan, its
   * tokens and its welcome mail go by; null without one.
   */
  first(actor: Actor): Promise<LicenseRow | null> {
    return this.licenses.first(actor);
  }

  /** What is left to a tenant without one: Free, as it is sold; null where none is. */
  async free(actor: Actor): Promise<{ tier: LicenseType; terms: Terms } | null> {
    const offer = await this.catalogue.offer(actor, { plan: FIRST_PLAN });
    if (!offer) return null;
    const layers = { ...offer, tenant: [], license: [], tenantMode: null };
    return { tier: offer.tier, terms: termsAt(layers, this.clock.now()) };
  }

  /** One licence as it is, for what is told to those who may read it: whoever asks has checked that. Null: not the tenant's. */
  async state(actor: Actor, licenseId: string): Promise<LicenseRow | null> {
    return this.licenses.get(actor, licenseId).catch((error: unknown) => {
      if (error instanceof DomainError && error.kind === 'not_found') return null;
      throw error;
    });
  }

  /** The key in the clear. Whoever asks has checked that it may. */
  async reveal(actor: Actor, licenseId: string): Promise<string> {
    return this.box.open(await this.licenses.sealedKey(actor, licenseId), keyContext(licenseId)).toString();
  }
}
