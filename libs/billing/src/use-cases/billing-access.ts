import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, HttpConfig } from '#platform';
import { BillingConfig } from '../billing.config.js';

/** What every call about money asks first. */
@Injectable()
export class BillingAccess {
  private readonly origins: ReadonlySet<string>;

  constructor(
    private readonly config: BillingConfig,
    private readonly http: HttpConfig,
  ) {
    this.origins = new Set([new URL(http.baseUrl).origin, ...http.allowedOrigins]);
  }

  /** Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`: one rule for all that is told of money. Programs have no address. */
  mayRead(actor: Actor): void {
    actor.must('billing:read');
    if (actor.type !== 'service') actor.mustHaveVerifiedEmail();
  }

  /** To say something about it, also where nothing is sold. Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`. */
  mayAnswer(actor: Actor): void {
    actor.must('billing:manage');
    if (actor.type !== 'service') actor.mustHaveVerifiedEmail();
  }

  /** Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 409 `BILLING_OFF`. */
  mayManage(actor: Actor): void {
    this.mayAnswer(actor);
    if (this.config.isEnabled) return;
    throw new DomainError('conflict', 'BILLING_OFF', 'Nothing is sold here.');
  }

  /**
   * Where a page of Stripe sends people afterwards: below BASE_URL, or at an origin that is allowed; left out:
   * `otherwise` below BASE_URL. Throws 422 `RETURN_URL_NOT_ALLOWED`: a link of ours must not lead to anybody's page.
   */
  returnUrl(given: string | undefined, otherwise: string): string {
    if (given === undefined) return `${this.http.baseUrl}${otherwise}`;
    const url = URL.parse(given);
    const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password;
    if (isPlain && this.origins.has(url.origin)) return url.href;
    throw new DomainError('invalid', 'RETURN_URL_NOT_ALLOWED', 'People cannot be sent back there.', {
      details: { url: given.slice(0, 200) },
    });
  }
}
