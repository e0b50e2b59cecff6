import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, unauthenticated } from '#platform';
import { LoginEvents } from '../persistence/login-events.js';
import { ProviderSignIn } from '../upstream/provider-sign-in.js';
import { type Back, type Newcomer, ProviderVisits } from '../upstream/provider-visits.js';

/** Signing in at a provider from a page: there, and back with an ID token, which then goes the way of any other. */
@Injectable()
export class VisitProvider {
  constructor(
    private readonly providers: ProviderSignIn,
    private readonly visits: ProviderVisits,
    private readonly loginEvents: LoginEvents,
  ) {}

  /** Whom people can go to, by Firebase's names. */
  get offered(): readonly string[] {
    return this.providers.providers;
  }

  /**
   * Where to send the browser, and the token it is to keep until it is back; `next` comes back with it. Throws 404 for a
   * provider that is not offered, 503.
   */
  async begin(provider: string, continueUri: string, next: string): Promise<{ url: string; token: string }> {
    if (!this.offered.includes(provider))
      throw new DomainError('not_found', 'NOT_FOUND', 'No such provider.');
    const context = randomBytes(32).toString('base64url');
    const { url, sessionId } = await this.providers.begin(provider, continueUri, context);
    return { url, token: await this.visits.begin({ provider, sessionId, context, next }) };
  }

  /**
   * What the issuer says of who is back. Throws the one 401 for a browser that did not go, for a visit that was used and
   * for what the issuer refuses; 409 `OTHER_PROVIDER_REQUIRED`, 503.
   */
  async finish(actor: Actor, token: string, requestUri: string): Promise<Back> {
    const gone = await this.visits.end(token);
    if (!gone) throw unauthenticated('no such visit to a provider');
    try {
      const idToken = await this.providers.finish(requestUri, gone.sessionId, gone.context);
      return { provider: gone.provider, idToken, next: gone.next };
    } catch (error) {
      const isRefused = error instanceof DomainError && error.kind !== 'unavailable';
      if (isRefused) await this.loginEvents.record(actor, { method: gone.provider, outcome: 'refused' });
      throw error;
    }
  }

  /** Keeps an ID token for who has to say first what their organisation is called. Throws 503. */
  hold(newcomer: Newcomer): Promise<string> {
    return this.visits.hold(newcomer);
  }

  held(token: string): Promise<Newcomer | null> {
    return this.visits.held(token);
  }

  release(token: string): Promise<void> {
    return this.visits.release(token);
  }
}
