import { type ErrorKind, STATUS_OF_KIND } from '../errors/domain-error.js';
import type { EndpointOptions } from './endpoint.js';
import { EXAMPLE_TIME, type JsonSchema } from './openapi-examples.js';
import type { DeclaredRoute } from './openapi-routes.js';
import { isSignedPath } from './response-signature.js';

/** Every error leaves in this form (S3-38). */
export const ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'trace_id', 'timestamp'],
      additionalProperties: false,
      properties: {
        code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$', description: 'Stable; made for programs.' },
        message: { type: 'string', description: 'A sentence for people; may change.' },
        trace_id: { type: 'string', description: 'The same as in the header X-Trace-Id and in our logs.' },
        timestamp: { type: 'string', format: 'date-time' },
        details: {
          type: 'object',
          additionalProperties: true,
          description: 'What the code promises besides.',
        },
      },
    },
  },
};

const WHEN: Record<ErrorKind, string> = {
  malformed: 'The request is not well-formed.',
  unauthenticated: 'There is no valid bearer; the cause is not told.',
  forbidden: 'The caller is known and may not do this.',
  not_found: 'There is no such thing, or it is not yours.',
  conflict: 'It cannot be done in the present state.',
  gone: 'It existed and has ended for good.',
  too_large: 'The body is larger than this route takes.',
  unsupported_media_type: 'The body is of a media type that this route does not take.',
  invalid: 'The request is well-formed and not of the form this route takes; details.issues says where.',
  too_many: 'Too many requests; Retry-After says when to come back.',
  internal: 'Something went wrong on our side.',
  unavailable: 'Something that is needed does not answer now; try again.',
};

/** Codes that more than one context uses, as they are said. */
const GENERAL: Record<string, { message: string; details?: unknown }> = {
  MALFORMED_JSON: { message: 'The body is not well-formed JSON.' },
  MALFORMED_REQUEST: { message: 'The request is not well-formed.' },
  HOST_NOT_ALLOWED: { message: 'This API does not answer to that host name.' },
  UNAUTHENTICATED: { message: 'Authentication is required.' },
  TENANT_MISMATCH: { message: 'X-Tenant-Id names another tenant than the token.' },
  PERSON_REQUIRED: { message: 'This needs a person; a service account cannot do it.' },
  TENANT_SUSPENDED: { message: 'The organisation is suspended.' },
  TENANT_DELETED: { message: 'The organisation was deleted.' },
  EMAIL_NOT_VERIFIED: { message: 'Verify your e-mail address first.' },
  REAUTHENTICATION_REQUIRED: { message: 'Show once more who you are.', details: { max_age_seconds: 600 } },
  MISSING_SCOPE: { message: 'This needs the scope licenses:read.', details: { scope: 'licenses:read' } },
  NOT_FOUND: { message: 'There is nothing at this address.' },
  BODY_TOO_LARGE: { message: 'The body is larger than this route takes.' },
  UNSUPPORTED_MEDIA_TYPE: { message: 'This route takes application/json.' },
  VALIDATION_FAILED: {
    message: 'The request is not of the form this route takes.',
    details: {
      issues: [{ path: 'hardware_id', message: 'Invalid input: expected string, received number' }],
    },
  },
  IDEMPOTENCY_KEY_INVALID: { message: 'Idempotency-Key must be a UUID.' },
  IDEMPOTENCY_KEY_REUSED: { message: 'This Idempotency-Key was used for another request; take a new one.' },
  IDEMPOTENCY_IN_FLIGHT: { message: 'A call with this Idempotency-Key is still running; try again.' },
  RATE_LIMITED: { message: 'Too many requests.' },
  INTERNAL: { message: 'Something went wrong on our side.' },
  SIGNATURE_UNAVAILABLE: {
    message: 'The answer cannot be signed. There is no key that answers may be signed with.',
  },
  UNAVAILABLE: { message: 'The service cannot answer now; try again.' },
};

/** What any route may answer with, and no reader needs to be told at each. */
const ANYWHERE: readonly [ErrorKind, string][] = [
  ['malformed', 'HOST_NOT_ALLOWED'],
  ['forbidden', 'ORIGIN_NOT_ALLOWED'],
  ['forbidden', 'CROSS_SITE_SESSION'],
  ['internal', 'INTERNAL'],
  ['unavailable', 'UNAVAILABLE'],
];

/** Every refusal that `route` can answer with: its own, and those that the edge gives for it. */
function refusalsOf(route: DeclaredRoute): Map<ErrorKind, string[]> {
  const { endpoint } = route;
  const all = new Map<ErrorKind, string[]>();
  const add = (kind: ErrorKind, ...codes: readonly string[]) => {
    all.set(kind, [...new Set([...(all.get(kind) ?? []), ...codes])]);
  };
  const hasParams = Object.keys(route.params).length > 0;
  const isChecked = route.body !== undefined || hasParams || Object.keys(route.query).length > 0;

  if (hasParams) {
    add('malformed', 'MALFORMED_REQUEST');
    add('not_found', 'NOT_FOUND');
  }
  // Fastify reads no body of these two; of the others also where none is expected.
  if (route.method !== 'GET' && route.method !== 'HEAD') {
    add('malformed', ...(endpoint.raw ? [] : ['MALFORMED_JSON']), 'MALFORMED_REQUEST');
    add('too_large', 'BODY_TOO_LARGE');
    if (!endpoint.raw) add('unsupported_media_type', 'UNSUPPORTED_MEDIA_TYPE');
  }
  if (endpoint.access !== 'public') {
    add('unauthenticated', 'UNAUTHENTICATED');
    add('forbidden', 'TENANT_MISMATCH');
    if (!endpoint.services) add('forbidden', 'PERSON_REQUIRED');
    add('forbidden', 'TENANT_DELETED');
    if (!endpoint.judgesSuspension) add('forbidden', 'TENANT_SUSPENDED');
  }
  if (endpoint.stepUp) add('forbidden', 'REAUTHENTICATION_REQUIRED');
  if (endpoint.idempotent) {
    add('malformed', 'IDEMPOTENCY_KEY_INVALID');
    add('conflict', 'IDEMPOTENCY_IN_FLIGHT', 'IDEMPOTENCY_ANSWER_NOT_KEPT');
    add('invalid', 'IDEMPOTENCY_KEY_REUSED');
  }
  if (isSignedPath(route.path)) add('unavailable', 'SIGNATURE_UNAVAILABLE');
  if (isChecked) add('invalid', 'VALIDATION_FAILED');
  if ((endpoint.budget ?? 'general') !== 'open') add('too_many', 'RATE_LIMITED');
  for (const [kind, codes] of Object.entries(endpoint.refusals ?? {}) as [ErrorKind, readonly string[]][]) {
    add(kind, ...codes);
  }
  return new Map([...all].sort(([a], [b]) => STATUS_OF_KIND[a] - STATUS_OF_KIND[b]));
}

/** The responses of a route's refusals, by status; examples are references to {@link errorExamples}. */
export function refusalResponses(route: DeclaredRoute): Record<string, JsonSchema> {
  const responses: Record<string, JsonSchema> = {};
  for (const [kind, codes] of refusalsOf(route))
    responses[STATUS_OF_KIND[kind]] = refusalResponse(kind, codes);
  return { ...responses, default: { $ref: '#/components/responses/anywhere' } };
}

/** The answer that every operation refers to as its `default`. */
export const ANYWHERE_RESPONSE: JsonSchema = errorResponse(
  'Any other refusal, in the same form.',
  ANYWHERE.map(([, code]) => code),
);

const refusalResponse = (kind: ErrorKind, codes: readonly string[]): JsonSchema => ({
  ...errorResponse(`${WHEN[kind]} ${codes.map((code) => `\`${code}\``).join(', ')}`, codes),
  ...(kind === 'too_many'
    ? { headers: { 'Retry-After': { $ref: '#/components/headers/retry_after' } } }
    : {}),
});

function errorResponse(description: string, codes: readonly string[]): JsonSchema {
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  return {
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/error' }, examples } },
  };
}

/** One example of each code that `routes` refuse with. */
export function errorExamples(routes: readonly DeclaredRoute[]): Record<string, JsonSchema> {
  const codes = new Set(ANYWHERE.map(([, code]) => code));
  for (const code of routes.flatMap((route) => [...refusalsOf(route).values()].flat())) codes.add(code);
  return Object.fromEntries([...codes].sort().map((code) => [code, { value: errorExample(code) }]));
}

function errorExample(code: string): JsonSchema {
  const general = GENERAL[code];
  return {
    error: {
      code,
      message: general?.message ?? sentence(code),
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      timestamp: EXAMPLE_TIME,
      ...(general?.details ? { details: general.details } : {}),
    },
  };
}

const sentence = (code: string) => `${code.charAt(0)}${code.slice(1).toLowerCase().replaceAll('_', ' ')}.`;

/** The codes that a route adds to the general ones, as the extension `x-refusals`. */
export const ownRefusals = (endpoint: EndpointOptions): string[] =>
  Object.values(endpoint.refusals ?? {}).flat();
