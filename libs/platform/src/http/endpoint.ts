import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension, ApiOperation, ApiResponse, ApiSecurity } from '@nestjs/swagger';
import type { z } from 'zod';
import { wire } from './wire.js';

/**
 * Who may call. `public`: anybody. `bearer`: an access token. `optional_bearer`: both ways in; the use case
 * decides (acquire by token or by licence key). `operator`: operators only.
 */
export type Access = 'public' | 'bearer' | 'optional_bearer';

/**
 * Which budget a call is counted in. `general`: per user, address and global. `seats`, `validate`, `webhooks`
 * and `open` are outside of it, so that noise on one cannot starve another.
 */
export type Budget = 'general' | 'seats' | 'validate' | 'webhooks' | 'open';

export interface EndpointOptions {
  summary: string;
  access: Access;
  budget?: Budget;
  /** Status of success; 200 unless given. */
  status?: number;
  /** What is answered. Fields that it does not name never leave. */
  output?: z.ZodType;
  /** An answer as a reader of the documentation sees it, in wire form. */
  example?: unknown;
  /** Codes of the refusals that this route can answer with, besides the general ones. */
  refusals?: readonly string[];
  /** A creating POST: takes Idempotency-Key. `secret` answers are kept encrypted. */
  idempotent?: 'plain' | 'secret';
}

export const ENDPOINT = 'gatehouse:endpoint';

/** What every route must carry: a route without it is refused at start. */
export function Endpoint(options: EndpointOptions): MethodDecorator {
  const status = options.status ?? 200;
  return applyDecorators(
    SetMetadata(ENDPOINT, options),
    HttpCode(status),
    RouteConfig({ endpoint: options }),
    ApiOperation({ summary: options.summary }),
    ApiResponse({
      status,
      description: options.summary,
      ...(options.output ? { schema: wire(options.output).jsonSchema('output') as never, example: options.example as never } : {}),
    }),
    ApiExtension('x-budget', options.budget ?? 'general'),
    ApiExtension('x-refusals', options.refusals ?? []),
    ...(options.access === 'public' ? [] : [ApiSecurity('bearer')]),
  );
}
