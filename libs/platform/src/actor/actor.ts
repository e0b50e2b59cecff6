import { DomainError } from '../errors/domain-error.js';

export type ActorType = 'user' | 'service' | 'licensed_program' | 'system' | 'operator' | 'anonymous';

/** Where a call came from; rides along into events and the audit trail. */
export interface Origin {
  traceId: string;
  /** IP address, null for what did not come over the network. */
  address: string | null;
}

export interface ActorInit {
  type: ActorType;
  id: string | null;
  tenantId: string | null;
  scopes?: Iterable<string>;
  sessionId?: string | null;
  /** The licence that the caller's token names. */
  licenseId?: string | null;
  emailVerified?: boolean;
  /** When the caller last showed who they are; null for who never did, and for programs. */
  authTime?: Date | null;
  /** How they have shown it (RFC 8176); empty for who never did, and for programs. */
  amr?: readonly string[];
  /** Why an operator acts; required of operators, kept in the audit trail. */
  reason?: string | null;
  origin: Origin;
}

/** Who is calling, on behalf of which tenant, from where, and what they may do. Immutable. */
export class Actor {
  readonly type: ActorType;
  readonly id: string | null;
  readonly tenantId: string | null;
  readonly scopes: ReadonlySet<string>;
  readonly sessionId: string | null;
  readonly licenseId: string | null;
  readonly emailVerified: boolean;
  readonly authTime: Date | null;
  readonly amr: readonly string[];
  readonly reason: string | null;
  readonly origin: Origin;

  constructor(init: ActorInit) {
    this.type = init.type;
    this.id = init.id;
    this.tenantId = init.tenantId;
    this.scopes = new Set(init.scopes ?? []);
    this.sessionId = init.sessionId ?? null;
    this.licenseId = init.licenseId ?? null;
    this.emailVerified = init.emailVerified ?? false;
    this.authTime = init.authTime ?? null;
    this.amr = init.amr ?? [];
    this.reason = init.reason ?? null;
    this.origin = init.origin;
  }

  /** The product itself, acting for one tenant: event handlers, schedules. Holds no scopes. */
  static system(tenantId: string | null, traceId: string): Actor {
    return new Actor({ type: 'system', id: null, tenantId, origin: { traceId, address: null } });
  }

  /** Nobody yet: a caller before sign-in. */
  static anonymous(origin: Origin): Actor {
    return new Actor({ type: 'anonymous', id: null, tenantId: null, origin });
  }

  /** The same caller from the same place, for another tenant or as another principal. */
  as(change: Partial<Omit<ActorInit, 'origin'>>): Actor {
    return new Actor({ ...this, ...change, origin: this.origin });
  }

  /** Passes when the actor holds `scope`; throws 403 `MISSING_SCOPE` naming it otherwise. */
  must(scope: string): void {
    if (this.scopes.has(scope)) return;
    throw new DomainError('forbidden', 'MISSING_SCOPE', `This needs the scope ${scope}.`, {
      details: { scope },
    });
  }

  /** Passes when the caller proved the account's address; throws 403 `EMAIL_NOT_VERIFIED` otherwise (S2-40). */
  mustHaveVerifiedEmail(): void {
    if (this.emailVerified) return;
    throw new DomainError('forbidden', 'EMAIL_NOT_VERIFIED', 'Verify your e-mail address first.');
  }

  /**
   * Passes when the caller showed who they are, by signing in or anew, at most so many seconds before `now`; throws 403
   * `REAUTHENTICATION_REQUIRED` otherwise, with the age that is asked for.
   */
  mustHaveAuthenticatedWithin(maxAgeSeconds: number, now: Date): void {
    const age = now.getTime() - (this.authTime?.getTime() ?? -Infinity);
    if (age <= maxAgeSeconds * 1_000) return;
    throw new DomainError('forbidden', 'REAUTHENTICATION_REQUIRED', 'Show once more who you are.', {
      details: { maxAgeSeconds },
    });
  }
}
