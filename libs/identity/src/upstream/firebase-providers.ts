import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { DomainError, sameBytes, unauthenticated } from '#platform';
import { FirebaseConfig } from '../identity.config.js';
import { ProviderSignIn, type ProviderVisit } from './provider-sign-in.js';

const GOOGLE = 'https://identitytoolkit.googleapis.com';
/** Whoever waits here has gone by then. */
const PATIENCE_MS = 10_000;

const Visit = z.object({ authUri: z.url({ protocol: /^https?$/ }), sessionId: z.string().min(1) });
const Return = z.object({
  idToken: z.string().min(1).optional(),
  context: z.string().optional(),
  needConfirmation: z.boolean().optional(),
});
const Fault = z.object({ error: z.object({ message: z.string() }) });

/**
 * Firebase Auth, or Google Identity Platform, over its REST API: `accounts:createAuthUri` says where to go, and
 * `accounts:signInWithIdp` takes what came back. The emulator speaks the same where FIREBASE_AUTH_EMULATOR_HOST is set.
 */
@Injectable()
export class FirebaseProviders extends ProviderSignIn {
  readonly providers: readonly string[];
  private readonly origin: string;

  constructor(private readonly config: FirebaseConfig) {
    super();
    const { projectId, apiKey, emulatorHost, providers } = config;
    // The emulator asks for a key and takes any.
    this.providers = projectId && (apiKey || emulatorHost) ? providers : [];
    this.origin = emulatorHost ? `http://${emulatorHost}/identitytoolkit.googleapis.com` : GOOGLE;
  }

  async begin(providerId: string, continueUri: string, context: string): Promise<ProviderVisit> {
    const answer = await this.ask('createAuthUri', { providerId, continueUri, context });
    const visit = Visit.safeParse(answer.ok ? answer.body : null);
    // A provider that the project does not have is a fault of the project's, not of who wants to sign in.
    if (!visit.success) return unavailable(new Error(`Firebase gave no address to go to: ${answer.fault}`));
    return { url: visit.data.authUri, sessionId: visit.data.sessionId };
  }

  async finish(requestUri: string, sessionId: string, begun: string): Promise<string> {
    const answer = await this.ask('signInWithIdp', {
      requestUri,
      sessionId,
      returnSecureToken: true,
    });
    if (!answer.ok) throw unauthenticated(`the issuer refused the provider’s answer: ${answer.fault}`);
    const { idToken, context, needConfirmation } = Return.parse(answer.body);
    if (needConfirmation)
      throw new DomainError(
        'conflict',
        'OTHER_PROVIDER_REQUIRED',
        'This address is known by another way to sign in; use that one.',
      );
    if (!idToken) throw unauthenticated('the issuer gave no ID token');
    // The emulator alone forgets it.
    if ((context || !this.config.emulatorHost) && !sameText(context ?? '', begun))
      throw unauthenticated('somebody else’s return from a provider');
    return idToken;
  }

  /** Throws 503 for silence and for faults of the issuer's own; what it refuses (4xx) is told by `fault`. */
  private async ask(
    verb: string,
    body: object,
  ): Promise<{ ok: boolean; body: unknown; fault: string | null }> {
    const response = await fetch(`${this.origin}/v1/accounts:${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': this.config.apiKey ?? 'emulator' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch(unavailable);
    if (response.status >= 500 || response.status === 429)
      unavailable(new Error(`Firebase answered ${response.status}.`));
    const answered: unknown = await response.json().catch(unavailable);
    const fault = response.ok ? null : nameIn(answered);
    return { ok: response.ok, body: answered, fault };
  }
}

/** Behind the name of a fault stands what it is about, the provider's ID token sometimes; this goes to the log. */
const nameIn = (answered: unknown): string =>
  Fault.safeParse(answered).data?.error.message.split(' : ', 1)[0]?.slice(0, 100) ?? 'no reason given';

const sameText = (a: string, b: string) => sameBytes(Buffer.from(a), Buffer.from(b));

function unavailable(cause: unknown): never {
  throw new DomainError(
    'unavailable',
    'UPSTREAM_UNAVAILABLE',
    'The identity provider cannot be asked now; try again.',
    { retryAfterSeconds: 5, cause },
  );
}
