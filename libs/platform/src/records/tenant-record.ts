/**
 * What a context says of one table that holds rows of tenants: what of it a tenant takes along when it exports what it
 * owns, and why the rest stays. Every column is in one of the two lists; a test walks the schema. The lists of all
 * contexts together are also what is erased with a tenant.
 */
export type TenantRecord = ExportedRecord | WithheldRecord;

export interface ExportedRecord {
  /** `schema.table` */
  table: string;
  /** What its lines are called in an export. */
  kind: string;
  /** Its primary key without tenant_id: the order of the lines, and how pages of them are found. */
  key: readonly string[];
  columns: readonly string[];
  /** Columns that stay, each with why. tenant_id is said once, in the first line. */
  withheld?: Readonly<Record<string, string>>;
}

export interface WithheldRecord {
  /** `schema.table` */
  table: string;
  /** Why none of it leaves. */
  withheld: string;
}

/** Whether a tenant takes anything of the table along. */
export const isExported = (record: TenantRecord): record is ExportedRecord => 'kind' in record;
