import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DomainError, ErrorPages, html } from '#platform';
import { documentOf, type Page } from './look/layout.js';
import { pageHeaders } from './pages.js';
import { textOf } from './words.js';

/** Refusals and faults of pages, as pages. */
@Injectable()
export class PageErrors extends ErrorPages {
  override write(error: DomainError, request: FastifyRequest, reply: FastifyReply): string {
    const page = errorPage(error, request.id);
    void reply.headers(pageHeaders(page));
    return documentOf(page);
  }
}

function errorPage(error: DomainError, traceId: string): Page {
  const title = error.kind === 'internal' || error.kind === 'unavailable' ? 'Not now' : 'This did not work';
  return {
    title,
    body: html`<h1>${title}</h1>
      <p role="alert">${textOf(error)}</p>
      <p class="links"><a href="/account">Go to your account</a></p>
      <p class="trace">If you ask for help, give this number: <span class="code">${traceId}</span></p>`,
  };
}
