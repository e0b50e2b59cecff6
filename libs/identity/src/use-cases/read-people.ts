import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { type DirectoryEntry, UserDirectory } from '../persistence/user-directory.js';

/**
 * Who people are, for those who are in an organisation with them: everybody else reads only themselves. The ids have to
 * come from what the caller's tenant holds (its memberships), never from the caller.
 */
@Injectable()
export class ReadPeople {
  constructor(private readonly directory: UserDirectory) {}

  /** By id; who has gone is not in it. */
  async execute(actor: Actor, userIds: readonly string[]): Promise<ReadonlyMap<string, DirectoryEntry>> {
    if (!actor.tenantId) throw new Error('People are read for a tenant.');
    return this.directory.entries(userIds);
  }

  /** Of these people, those who can look after an organisation: who are neither kept out nor without a proved address. */
  async fitToOwn(userIds: readonly string[]): Promise<string[]> {
    return this.directory.fitToOwn(userIds);
  }
}
