/**
 * Erases what a context keeps of a tenant outside of Postgres. Called once the tenant is closed and before its rows go;
 * maybe more than once, and maybe when they have gone already.
 */
export interface TenantEraser {
  erase(tenantId: string): Promise<void>;
}
