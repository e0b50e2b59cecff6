import { hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type Actor,
  cookieIn,
  DomainError,
  html,
  type Html,
  HttpConfig,
  keyedHash,
  sameBytes,
  SecretsConfig,
  setCookie,
} from '#platform';

const COOKIE = '__Host-gatehouse-form';
const FIELD = 'form_token';
/** Whom the form was shown to. */
const SHOWN_TO = 'form_shown_to';

/** Makes the forms of one answer. */
export interface FormMaker {
  /** A form that posts to `action`, a path of ours, with the token that it takes there. */
  (action: string, content: Html): Html;
}

const refused = (cause: string) =>
  new DomainError(
    'forbidden',
    'FORM_REFUSED',
    'This form was not opened here, or too long ago. Open the page again and send it once more.',
    { cause },
  );

/**
 * Keeps other sites from sending our forms (CSRF), those before sign-in included: a form has a token that is good for
 * its own action and for the browser that has the cookie it was made with, and the browser must say that it comes from
 * here.
 */
@Injectable()
export class FormTokens {
  private readonly key: Buffer;
  private readonly origin: string;

  constructor(secrets: SecretsConfig, http: HttpConfig) {
    this.key = Buffer.from(hkdfSync('sha256', secrets.key, '', 'gatehouse:page-forms', 32));
    this.origin = new URL(http.baseUrl).origin;
  }

  /** For forms that `person` is shown, null for nobody. Sets the cookie where there is none yet. */
  maker(request: FastifyRequest, reply: FastifyReply, person: Actor | null): FormMaker {
    const kept = cookieIn(request, COOKIE);
    const browser = kept && isSound(kept) ? kept : this.begin(reply);
    return (action, content) =>
      html`<form method="post" action="${action}" novalidate>
        <input type="hidden" name="${FIELD}" value="${this.tokenFor(browser, action)}" />
        <input type="hidden" name="${SHOWN_TO}" value="${this.nameOf(browser, person)}" />
        ${content}
      </form>`;
  }

  /** After signing in or out: forms that were open before are refused. */
  renew(reply: FastifyReply): void {
    this.begin(reply);
  }

  /**
   * Whether the form, which {@link check} has passed, was shown to who is signed in now: an application in another tab may
   * have changed the session since, and knows nothing of the cookie that forms are bound to.
   */
  wasShownTo(request: FastifyRequest, person: Actor | null): boolean {
    const given = fieldOf(request, SHOWN_TO);
    return given !== undefined && sameText(given, this.nameOf(cookieIn(request, COOKIE) ?? '', person));
  }

  /** Throws 403 `FORM_REFUSED`. */
  check(request: FastifyRequest, action: string): void {
    const { origin, 'sec-fetch-site': site } = request.headers;
    // Every browser of today says at least one of the two; what says none is no browser, which has no cookie either.
    if (origin !== undefined && origin !== this.origin) throw refused('foreign Origin');
    if (site !== undefined && site !== 'same-origin') throw refused('foreign Sec-Fetch-Site');
    const browser = cookieIn(request, COOKIE);
    const given = fieldOf(request, FIELD);
    if (!browser || !isSound(browser)) throw refused('no form cookie');
    if (given === undefined || !sameText(given, this.tokenFor(browser, action)))
      throw refused('wrong form token');
  }

  private begin(reply: FastifyReply): string {
    const browser = randomBytes(32).toString('base64url');
    setCookie(reply, COOKIE, browser);
    return browser;
  }

  private tokenFor(browser: string, action: string): string {
    return keyedHash(this.key, browser, action).toString('base64url');
  }

  /** The person, their organisation and their session; nobody has a name, too. */
  private nameOf(browser: string, person: Actor | null): string {
    const { id, tenantId, sessionId } = person ?? {};
    return keyedHash(this.key, browser, 'shown to', id ?? '', tenantId ?? '', sessionId ?? '').toString(
      'base64url',
    );
  }
}

function fieldOf({ body }: FastifyRequest, name: string): string | undefined {
  const given = (body as Record<string, unknown> | undefined)?.[name];
  return typeof given === 'string' ? given : undefined;
}

const isSound = (browser: string) => /^[\w-]{43}$/.test(browser);
const sameText = (a: string, b: string) => sameBytes(Buffer.from(a), Buffer.from(b));
