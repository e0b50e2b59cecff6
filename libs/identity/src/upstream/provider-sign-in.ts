/** Where somebody goes to sign in at a provider. */
export interface ProviderVisit {
  /** At the provider; its person comes back to the continue URI. */
  url: string;
  /** The issuer's name of this one visit: nobody else's return is good for it. */
  sessionId: string;
}

/** What the issuer says of who came back. */
export interface ProviderReturn {
  idToken: string;
  /** What was given to {@link ProviderSignIn.begin}, where the issuer gives it back; else null. */
  context: string | null;
}

/** Signing in at a provider by two redirects, with the issuer asked by this server instead of by a script. */
export abstract class ProviderSignIn {
  /** The providers that people can go to; none where that is not configured. */
  abstract readonly providers: readonly string[];

  /** `continueUri` has neither fragment nor a parameter `state`. Throws 503 `UPSTREAM_UNAVAILABLE`. */
  abstract begin(provider: string, continueUri: string, context: string): Promise<ProviderVisit>;

  /**
   * `requestUri` is the continue URI as the provider called it, query and all.
   *
   * Throws the one 401 for what the issuer does not take, 409 `OTHER_PROVIDER_REQUIRED`, 503 `UPSTREAM_UNAVAILABLE`.
   */
  abstract finish(requestUri: string, sessionId: string): Promise<ProviderReturn>;
}
