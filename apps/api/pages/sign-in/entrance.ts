import { Injectable } from '@nestjs/common';
import { clearCookie, DomainError, setCookie } from '#platform';
import type { Tokens } from '#identity';
import { FormTokens } from '../form-tokens.js';
import { withNext } from '../next-page.js';
import { Pages, type Visit } from '../pages.js';
import { Visitors } from '../visitors.js';

/** As long as an MFA token lasts (S2-17). */
const STEP_SECONDS = 300;

/** Where somebody goes who owes the second factor, or an organisation. */
const STEPS: Readonly<Record<string, string>> = {
  MFA_REQUIRED: '/login/code',
  MFA_ENROLLMENT_REQUIRED: '/login/authenticator',
  NO_ORGANIZATION: '/login/organization',
};

/** The one door from a page into a session. */
@Injectable()
export class Entrance {
  constructor(
    private readonly visitors: Visitors,
    private readonly forms: FormTokens,
    private readonly pages: Pages,
  ) {}

  /** Lets in whoever `signIn` lets in, or asks them for what is owed. Throws what else it throws. */
  async pass(visit: Visit, next: string, signIn: () => Promise<{ tokens: Tokens }>): Promise<void> {
    try {
      const { tokens } = await signIn();
      await this.enter(visit, tokens);
      this.pages.go(visit, next);
    } catch (error) {
      const step = error instanceof DomainError ? STEPS[error.code] : undefined;
      const token = (error as DomainError).details?.mfaToken;
      if (!step || typeof token !== 'string') throw error;
      setCookie(visit.reply, '__Host-gatehouse-step', token, STEP_SECONDS);
      this.pages.go(visit, withNext(step, next));
    }
  }

  /** A new session, new form tokens, and nothing left of the way here. */
  async enter({ request, reply }: Visit, tokens: Tokens): Promise<void> {
    await this.visitors.enter(request, reply, tokens);
    this.forms.renew(reply);
    clearCookie(reply, '__Host-gatehouse-step');
    clearCookie(reply, '__Host-gatehouse-newcomer');
  }
}
