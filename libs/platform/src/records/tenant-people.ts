/** A person as an export tells of them. */
export interface PersonRecord {
  id: string;
  /** null: the account is gone. */
  email: string | null;
  email_verified: boolean | null;
  display_name: string | null;
}

/**
 * The people of a tenant, who are nobody's rows: the context that knows people contributes them to an export by a query of
 * its own. The worker says who that is.
 */
export abstract class TenantPeople {
  /** One for each id, in their order. The ids must be from memberships of the tenant that exports. */
  abstract read(userIds: readonly string[]): Promise<PersonRecord[]>;
}
