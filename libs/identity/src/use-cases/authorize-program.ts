import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, HttpConfig, notFound } from '#platform';
import { IdentityConfig } from '../identity.config.js';
import { Approvals, type Approver } from '../oauth/approval.js';
import { AuthorizationCodes } from '../oauth/authorization-codes.js';
import {
  type AuthorizationRequest,
  AuthorizationRequests,
  type BroughtRequest,
} from '../oauth/authorization-requests.js';
import { DescribeProgram, type ProgramRequest } from '../oauth/describe-program.js';
import { OauthRefusal } from '../oauth/oauth-refusal.js';
import { ProgramBudget } from '../oauth/program-budget.js';
import { CHALLENGE } from '../oauth/pkce.js';
import { DeviceName, isRedirectUri, programOf } from '../oauth/programs.js';
import { vschars } from '../oauth/token-request.js';

/** One of a kind of parameter; what comes twice is a list, and none (RFC 6749, 3.1). */
const Once = z.union([z.string(), z.array(z.string())]).optional();

/** RFC 6749, 4.1.1 with RFC 7636, 4.3. What nobody knows is ignored. */
export const AuthorizeQuery = z.looseObject({
  responseType: Once.meta({ example: 'code' }),
  clientId: Once.meta({ example: 'gatehouse-cli' }),
  redirectUri: Once.meta({ example: 'http://127.0.0.1:8787/callback' }),
  state: Once.meta({ example: 'af0ifjsldkj' }),
  codeChallenge: Once.meta({ example: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' }),
  codeChallengeMethod: Once.meta({ example: 'S256' }),
  deviceName: Once.meta({ example: 'build-box' }),
});
type Query = z.output<typeof AuthorizeQuery>;

/** What is told once the answer has a place to go to. */
const Sound = z.object({
  state: vschars(500),
  codeChallenge: z.string().regex(CHALLENGE),
  codeChallengeMethod: z.literal('S256'),
  deviceName: DeviceName.optional(),
});

/**
 * The authorization code grant as its person meets it: a program opens their browser, they are asked whether it may act for
 * them, and the browser brings the answer to the program's own machine.
 */
@Injectable()
export class AuthorizeProgram {
  private readonly issuer: string;

  constructor(
    private readonly requests: AuthorizationRequests,
    private readonly codes: AuthorizationCodes,
    private readonly approvals: Approvals,
    private readonly describeProgram: DescribeProgram,
    private readonly budget: ProgramBudget,
    config: IdentityConfig,
    private readonly http: HttpConfig,
    private readonly clock: Clock,
  ) {
    this.issuer = config.issuer ?? http.baseUrl;
  }

  /**
   * Where the browser goes on: to `/consent?request=...`, else back to the program with what is wrong. Throws
   * {@link OauthRefusal} where the program or where it wants the answer is not known: then nothing is sent anywhere
   * (RFC 6749, 4.1.2.1). 429 `RATE_LIMITED`, 503 `UNAVAILABLE`. `browser`: a secret that it has; no other can answer.
   */
  async begin(actor: Actor, query: Query, browser: string): Promise<string> {
    const program = programOf(one(query.clientId));
    if (!program) throw new OauthRefusal('invalid_client', 'client_id is not known.');
    const redirectUri = one(query.redirectUri) ?? '';
    if (!isRedirectUri(redirectUri))
      throw new OauthRefusal(
        'invalid_request',
        'redirect_uri has to be http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback.',
      );

    const state = vschars(500).safeParse(query.state).data;
    const refuse = (error: string, description: string) =>
      this.answerTo({ redirectUri, state }, { error, error_description: description });
    if (one(query.responseType) === undefined)
      return refuse('invalid_request', 'response_type: missing or sent twice.');
    if (query.responseType !== 'code')
      return refuse('unsupported_response_type', 'response_type has to be code.');
    const sound = Sound.safeParse(query);
    if (!sound.success) return refuse('invalid_request', faultOf(sound.error));

    await this.budget.take(actor.origin.address);
    const asked = {
      clientId: program.id,
      redirectUri,
      challenge: sound.data.codeChallenge,
      state: sound.data.state,
      deviceName: sound.data.deviceName ?? null,
      address: actor.origin.address,
      askedAt: this.clock.now().getTime(),
    };
    const secret = await this.requests.keep(asked, browser);
    return `${this.http.baseUrl}/consent?request=${secret}`;
  }

  /**
   * What the consent page says, to who is signed in: which program, on which device, from where, and for which account.
   * `redirectUri`: where the answer goes. Throws 404 for one that is unknown, has run out, was answered, or was begun in
   * another browser.
   */
  async describe(actor: Actor, request: BroughtRequest): Promise<ProgramRequest & { redirectUri: string }> {
    const asked = found(await this.requests.look(request));
    return { ...(await this.describeProgram.execute(actor, asked)), redirectUri: asked.redirectUri };
  }

  /**
   * Lets the program act for somebody, by the session that their browser has. Gives where that goes, with a code in it: to
   * be followed at once, and never shown. Throws 404 as {@link describe}, also for the second of two answers; the one 401
   * where the session is over, 403 `TENANT_SUSPENDED`, 403 `REAUTHENTICATION_REQUIRED` for an access token alone.
   */
  async approve(by: Approver, request: BroughtRequest): Promise<string> {
    const asked = found(await this.requests.look(request));
    const { clientId, deviceName, redirectUri, challenge } = asked;
    const approved = { clientId, deviceName, how: 'code' } as const;
    const claim = async () => (await this.requests.take(request)) !== null;
    const approval = await this.approvals.give(by, approved, claim);
    const code = await this.codes.issue({ clientId, redirectUri, challenge, deviceName, approval });
    return this.answerTo(asked, { code });
  }

  /** Refuses it; gives where the browser goes. Nobody has to be signed in for that. Throws 404 as {@link describe}. */
  async deny(request: BroughtRequest): Promise<string> {
    const asked = found(await this.requests.take(request));
    return this.answerTo(asked, { error: 'access_denied', error_description: 'It was refused.' });
  }

  /** With who answers, so that no other server's answer is taken for ours (RFC 9207). */
  private answerTo(
    { redirectUri, state }: Pick<AuthorizationRequest, 'redirectUri'> & { state?: string },
    answer: Record<string, string>,
  ): string {
    const url = new URL(redirectUri);
    for (const [name, value] of Object.entries({ ...answer, ...(state && { state }), iss: this.issuer }))
      url.searchParams.set(name, value);
    return url.href;
  }
}

const one = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

/** RFC 6749, 4.1.2.1: what was wrong, in words of ours alone. */
function faultOf(error: z.ZodError): string {
  const names: Record<string, string> = {
    state: 'state',
    codeChallenge: 'code_challenge',
    codeChallengeMethod: 'code_challenge_method (S256)',
    deviceName: 'device_name',
  };
  const fields = new Set(error.issues.map(({ path }) => names[String(path[0])] ?? 'the request'));
  return `${[...fields].join(', ')}: missing, sent twice, or not of its form.`;
}

function found<T>(request: T | null): T {
  if (!request) throw notFound('request');
  return request;
}
