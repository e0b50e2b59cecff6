/** What each role may do with a table, as a list of SQL privileges. */
export interface Grants {
  app?: string;
  system?: string;
}

const TENANT = `nullif(current_setting('app.tenant_id', true), '')`;
const USER = `nullif(current_setting('app.user_id', true), '')`;

/**
 * The statements that make `table` a tenant's: forced row security by its column tenant_id for the app role,
 * explicit policies for the others. The owner has one too: without it a backfill under FORCE silently
 * updates nothing.
 */
export function tenantTable(table: string, grants: Grants): string {
  return guarded(table, `tenant_id = ${TENANT}`, grants);
}

/** Like {@link tenantTable}, for rows that belong to one person: `column` must equal the setting app.user_id. */
export function personalTable(table: string, column: string, grants: Grants): string {
  return guarded(table, `${column} = ${USER}`, grants);
}

/**
 * A locator: how a tenant is found before it is known (key hash, slug, provider subject). It holds that and
 * nothing else, so the app role may read all of it.
 */
export function locatorTable(table: string, grants: Grants): string {
  return guarded(table, 'true', grants);
}

/** A catalogue: the same for every tenant. The app role may read all of it, operators change it. */
export function catalogueTable(table: string): string {
  return guarded(table, 'true', { app: 'select', system: 'select, insert, update' });
}

/** What only operators and the product itself touch; it holds nothing of a tenant. */
export function systemTable(table: string, privileges: string): string {
  return guarded(table, 'false', { system: privileges });
}

/** A table that only the owner's functions touch; it holds nothing of a tenant. */
export function internalTable(table: string): string {
  return guarded(table, 'false', {});
}

function guarded(table: string, rule: string, grants: Grants): string {
  const open = (role: string, privileges: string | undefined, policy: string) =>
    privileges
      ? `grant ${privileges} on ${table} to ${role};
         create policy ${role} on ${table} to ${role} using (${policy}) with check (${policy});`
      : '';
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy gatehouse_owner on ${table} to gatehouse_owner using (true) with check (true);
    ${open('gatehouse_app', grants.app, rule)}
    ${open('gatehouse_system', grants.system, 'true')}`;
}
