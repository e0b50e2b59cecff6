import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DomainError } from '../errors/domain-error.js';

/** Makes a page of a refusal, for routes that are pages. An application that has any provides it under this class. */
export abstract class ErrorPages {
  /**
   * The HTML; sets its headers. The status is set, and the page has the request's trace id and no more of the error than
   * the envelope would have.
   */
  abstract write(error: DomainError, request: FastifyRequest, reply: FastifyReply): string;
}
