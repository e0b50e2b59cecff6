import { applyDecorators, HttpCode, SetMetadata, UseInterceptors } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { z } from 'zod';
import type { ErrorKind } from '../errors/domain-error.js';
import { IdempotencyInterceptor } from '../idempotency/idempotency.interceptor.js';

/**
 * Who may call. `public`: anybody. `bearer`: an access token. `optional_bearer`: both ways in; the use case
 * decides (acquire by token or by licence key).
 */
export type Access = 'public' | 'bearer' | 'optional_bearer';

/**
 * Which budget a call is counted in. `general`: per user, address and global. `seats`, `usage`, `validate`,
 * `webhooks` and `open` are outside of it, so that noise on one cannot starve another.
 */
export type Budget = 'general' | 'seats' | 'usage' | 'validate' | 'webhooks' | 'open';

/** The codes that a route refuses with, by kind: the kind decides the status. */
export type Refusals = Partial<Record<ErrorKind, readonly string[]>>;

/** What a route asks of a bearer besides being good. */
export interface StepUp {
  /** So many seconds ago at most its owner showed who they are (auth_time). */
  maxAgeSeconds: number;
  /** Fields of the body by which they show it with the call instead, which the use case then checks. */
  orBy: readonly string[];
  /** Who lacks this scope is told that at once: nobody shows who they are for what is never theirs. */
  scope?: string;
}

/** How long ago somebody may have shown who they are, for what must not be done with a stolen token, in seconds. */
export const STEP_UP_SECONDS = 600;

/** On a route that needs that, by the token alone, of whoever has the scope. */
export const stepUp = (scope: string): StepUp => ({ maxAgeSeconds: STEP_UP_SECONDS, orBy: [], scope });

/** An answer with another status than the usual one. */
export interface OtherAnswer {
  /** When it is given. */
  description: string;
  output?: z.ZodType;
  example?: unknown;
}

export interface EndpointOptions {
  summary: string;
  access: Access;
  /** A service account may call it as well; without it a bearer is a person's, and a service is refused 403 `PERSON_REQUIRED`. */
  services?: true;
  budget?: Budget;
  /** Status of success; 200 unless given. */
  status?: number;
  /** What is answered. Fields that it does not name never leave. */
  output?: z.ZodType;
  /** An answer as a reader of the documentation sees it, in wire form; else made from the schema's own examples. */
  example?: unknown;
  /** Media type of the answer where it is not JSON. */
  produces?: string;
  /** Answers with another status that are not refusals: a repeated sign-up, a probe that fails. */
  answers?: Readonly<Record<number, OtherAnswer>>;
  /** A body as a reader of the documentation sends it, in wire form; else made from the schema's own examples. */
  bodyExample?: unknown;
  /** For the documentation, where the route reads the bytes itself instead of taking `@Body({ schema })`. */
  body?: z.ZodType;
  /** Refusals that this route can answer with, besides the general ones. */
  refusals?: Refusals;
  /** Dangerous: refused with 403 `REAUTHENTICATION_REQUIRED` unless the caller has shown who they are just now. */
  stepUp?: StepUp;
  /**
   * Goes on for a suspended organisation, which is refused 403 `TENANT_SUSPENDED` without it: the licence, suspended with
   * it, answers, in the words that programs act on.
   */
  judgesSuspension?: true;
  /** Takes `application/x-www-form-urlencoded` instead of JSON: OAuth's endpoints (RFC 6749, Appendix B), and pages. */
  form?: true;
  /**
   * Takes the bytes as they come, whatever they call themselves, up to so many: `request.rawBody`. For what somebody else
   * has signed, and whose signature is looked at before anything else.
   */
  raw?: { limitBytes: number };
  /** A page for people: no part of the OpenAPI document, and what goes wrong on it is told as a page. */
  page?: true;
  /** A creating POST: takes Idempotency-Key. `secret` answers are kept encrypted. */
  idempotent?: 'plain' | 'secret';
}

export const ENDPOINT = 'gatehouse:endpoint';

/** What every route must carry: a route without it is refused at start. The OpenAPI document is made from it. */
export function Endpoint(options: EndpointOptions): MethodDecorator {
  return applyDecorators(
    SetMetadata(ENDPOINT, options),
    HttpCode(options.status ?? 200),
    RouteConfig({ endpoint: options }),
    ...(options.idempotent ? [UseInterceptors(IdempotencyInterceptor)] : []),
  );
}
