import { Injectable } from '@nestjs/common';

/** What became of a tenant. */
export interface StatusChange {
  id: string;
  status: string;
}

/**
 * The organisations that are suspended, and those that are over, as this process knows them. Each request with a bearer asks, so it is memory;
 * SuspensionWatch keeps it, a second behind at most. About 100 bytes for each: they are operators' doing, and few.
 */
@Injectable()
export class SuspendedTenants {
  private readonly ids = new Set<string>();
  private readonly over = new Set<string>();

  note(changes: readonly StatusChange[]): void {
    for (const { id, status } of changes) {
      if (status === 'suspended') this.ids.add(id);
      else this.ids.delete(id);
      // For good.
      if (status === 'deleted') this.over.add(id);
    }
  }

  has(tenantId: string): boolean {
    return this.ids.has(tenantId);
  }

  isOver(tenantId: string): boolean {
    return this.over.has(tenantId);
  }
}
