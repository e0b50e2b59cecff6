import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, idOf, type Page, pageOf } from '#platform';
import { type MemberRow, Memberships } from '../persistence/memberships.js';

export const MembersPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('mem').optional(),
});

/** Who is in a tenant, and as what; what they are called is identity's. */
@Injectable()
export class ReadMembers {
  constructor(private readonly memberships: Memberships) {}

  /** The oldest first. Throws 403 `MISSING_SCOPE`. */
  async page(actor: Actor, { limit, cursor }: z.output<typeof MembersPage>): Promise<Page<MemberRow>> {
    actor.must('members:read');
    return pageOf(await this.memberships.page(actor, cursor ?? null, limit + 1), limit, ({ id }) => id);
  }
}
