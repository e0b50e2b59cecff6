import { Injectable } from '@nestjs/common';
import { type PersonRecord, TenantPeople } from '#platform';
import { UserDirectory } from './user-directory.js';

/** The people of a tenant, as its export tells of them. */
@Injectable()
export class PeopleRecords extends TenantPeople {
  constructor(private readonly directory: UserDirectory) {
    super();
  }

  async read(userIds: readonly string[]): Promise<PersonRecord[]> {
    const entries = await this.directory.entries(userIds);
    return userIds.map((id) => {
      const entry = entries.get(id);
      return {
        id,
        email: entry?.email ?? null,
        email_verified: entry?.emailVerified ?? null,
        display_name: entry?.displayName ?? null,
      };
    });
  }
}
