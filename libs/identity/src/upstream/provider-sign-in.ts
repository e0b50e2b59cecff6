/** Where somebody goes to sign in at a provider. */
export interface ProviderVisit {
  /** At the provider; its person comes back to the continue URI. */
  url: string;
  /** The issuer's name of this one visit: nobody else's return is good for it. */
  sessionId: string;
}

/** Signing in at a provider by two redirects, with the issuer asked by this server instead of by a script. */
export abstract class ProviderSignIn {
  /** The providers that people can go to; none where that is not configured. */
  abstract readonly providers: readonly string[];

  /** `continueUri` has neither fragment nor a parameter `state`. Throws 503 `UPSTREAM_UNAVAILABLE`. */
  abstract begin(provider: string, continueUri: string, context: string): Promise<ProviderVisit>;

  /**
   * Gives an ID token of who came back. `requestUri` is the continue URI as the provider called it, query and all;
   * `context` is what was given to {@link begin}, which has to come back.
   *
   * Throws the one 401 for what the issuer does not take and for the return of another visit, 409
   * `OTHER_PROVIDER_REQUIRED`, 503 `UPSTREAM_UNAVAILABLE`.
   */
  abstract finish(requestUri: string, sessionId: string, context: string): Promise<string>;
}
