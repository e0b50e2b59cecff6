import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, type Actor, html, type Html } from '#platform';
import { type FormMaker, FormTokens } from './form-tokens.js';
import { contentSecurityPolicy, documentOf, type Page } from './look/layout.js';
import { type Visitor, Visitors } from './visitors.js';

/** One request for a page, and what it may be answered with. */
export interface Visit {
  request: FastifyRequest;
  reply: FastifyReply;
  /** Where it came from; nobody yet. */
  nobody: Actor;
  /** Who is signed in on this browser. */
  visitor: Visitor | null;
  /** False for a form that was shown to somebody else than who is signed in now: what it says is not what they read. */
  isTheirs: boolean;
  form: FormMaker;
  /** What was sent, field by field; what is no text is not in it. */
  sent: Readonly<Record<string, string>>;
  /** The same of the address. */
  query: Readonly<Record<string, string>>;
}

/** Opens requests for pages and answers them, with the headers that all pages have. */
@Injectable()
export class Pages {
  constructor(
    private readonly forms: FormTokens,
    private readonly visitors: Visitors,
  ) {}

  /** A request to see a page. */
  async open(request: FastifyRequest, reply: FastifyReply): Promise<Visit> {
    const visitor = await this.visitors.find(request, reply);
    return this.visit(request, reply, visitor);
  }

  /** A form of ours that was sent to `action`. Throws 403 `FORM_REFUSED` for anybody else's. */
  async receive(request: FastifyRequest, reply: FastifyReply, action: string): Promise<Visit> {
    this.forms.check(request, action);
    const visit = await this.open(request, reply);
    return { ...visit, isTheirs: this.forms.wasShownTo(request, visit.visitor?.actor ?? null) };
  }

  show({ request, reply, visitor, form }: Visit, page: Page): void {
    const footer = page.footer ?? (visitor ? footerOf(visitor, form) : undefined);
    showPage(request, reply, { ...page, footer });
  }

  /** Post, redirect, get: `to` is a path of ours, or an address that a program has registered. */
  go({ reply }: Visit, to: string): void {
    void reply.status(303).header('location', to).send();
  }

  private visit(request: FastifyRequest, reply: FastifyReply, visitor: Visitor | null): Visit {
    return {
      ...{ request, reply, visitor, nobody: actorOf(request) },
      isTheirs: true,
      form: this.forms.maker(request, reply, visitor?.actor ?? null),
      sent: textsIn(request.body),
      query: textsIn(request.query),
    };
  }
}

/** Sends a page. `no-store` is on every answer: after signing out, back shows nothing. */
function showPage(_request: FastifyRequest, reply: FastifyReply, page: Page): void {
  void reply.status(page.status ?? 200).headers(pageHeaders(page));
  void reply.send(documentOf(page));
}

/** What every page is served with, errors too. */
export const pageHeaders = ({ policy }: Page): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentSecurityPolicy(policy),
  // Nothing for others; but our own forms keep their Origin, which no-referrer would make `null` (Fetch, 3.2).
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), publickey-credentials-get=()',
});

const footerOf = ({ profile }: Visitor, form: FormMaker): Html =>
  form('/logout', html`Signed in as ${profile.user.email}. <button class="plain">Sign out</button>`);

/** A field that is sent twice is a list, and left out: no form of ours has two of one name. */
function textsIn(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(
    Object.entries(given).filter(
      (one): one is [string, string] =>
        typeof one[1] === 'string' && !one[1].includes('\0') && one[1].isWellFormed(),
    ),
  );
}
