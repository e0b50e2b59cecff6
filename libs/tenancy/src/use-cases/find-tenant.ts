import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Tenants } from '../persistence/tenants.js';

/** Which organisation a slug is of. Whoever asks keeps from the caller that it is there. */
@Injectable()
export class FindTenant {
  constructor(private readonly tenants: Tenants) {}

  /** Also by a slug that it had before; null for nobody's. */
  async bySlug(actor: Actor, slug: string): Promise<{ id: string; name: string; slug: string } | null> {
    const tenantId = await this.tenants.idOfSlug(actor, slug);
    return tenantId === null ? null : this.tenants.describe(actor.as({ tenantId }));
  }
}
