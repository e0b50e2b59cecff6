import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Db, idOf, type Page, pageOf } from '#platform';

export const OrganizationsPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('ten').optional(),
});

/** An organisation, and as what somebody is in it. */
export interface OrganizationRow {
  id: string;
  name: string;
  slug: string;
  plan: string;
  status: string;
  role: string;
}

/** Where a person is a member, for them to choose from. */
@Injectable()
export class ListOrganizations {
  constructor(private readonly db: Db) {}

  /** Those of the actor's own person, the oldest first, whichever their token is for. */
  async execute(
    actor: Actor,
    { limit, cursor }: z.output<typeof OrganizationsPage>,
  ): Promise<Page<OrganizationRow>> {
    const rows = await this.db.read<OrganizationRow>(
      actor,
      'select * from tenancy.tenants_of_caller($1, $2)',
      [cursor ?? '', limit + 1],
    );
    return pageOf(rows, limit, ({ id }) => id);
  }
}
