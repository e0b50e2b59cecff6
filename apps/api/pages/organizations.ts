import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { ListOrganizations } from '#tenancy';
import type { Organization } from './account/account.page.js';

/** Where somebody could be besides where they are. */
@Injectable()
export class Organizations {
  constructor(private readonly list: ListOrganizations) {}

  /** The first hundred; whoever is in more finds the rest in the API. */
  async besides(actor: Actor): Promise<Organization[]> {
    const { data } = await this.list.execute(actor, { limit: 100 });
    return data.filter(({ id, status }) => id !== actor.tenantId && status !== 'suspended');
  }
}
