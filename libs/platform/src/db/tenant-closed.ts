import { DomainError } from '../errors/domain-error.js';

/** What a transaction of a tenant that was deleted gets: nothing it wrote stays. */
export class TenantClosed extends DomainError {
  constructor() {
    super('forbidden', 'TENANT_DELETED', 'The organisation was deleted.');
  }
}

/** For who writes what happened earlier: of a tenant that is gone meanwhile there is nothing to write. Throws the rest. */
export function unlessClosed(error: unknown): void {
  if (!(error instanceof TenantClosed)) throw error;
}
