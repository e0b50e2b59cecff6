import { Injectable } from '@nestjs/common';

/** What became of a tenant. */
export interface StatusChange {
  id: string;
  suspended: boolean;
}

/**
 * The organisations that are suspended, as this process knows them. Each request with a bearer asks, so it is memory;
 * SuspensionWatch keeps it, a second behind at most. About 100 bytes for each: they are operators' doing, and few.
 */
@Injectable()
export class SuspendedTenants {
  private readonly ids = new Set<string>();

  note(changes: readonly StatusChange[]): void {
    for (const { id, suspended } of changes) {
      if (suspended) this.ids.add(id);
      else this.ids.delete(id);
    }
  }

  has(tenantId: string): boolean {
    return this.ids.has(tenantId);
  }
}
