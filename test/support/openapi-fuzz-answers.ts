import type { RawAnswer } from './openapi-fuzz-client.js';
import { type Json, misfit, type Operation } from './openapi-fuzz-schema.js';

/** What must never be told: words of the inside. */
const INSIDE =
  /node_modules|\.(?:js|ts):\d|\bat [\w.]+ \(|postgres|redis|SQLSTATE|syntax error|relation "|invalid byte sequence|ECONN|typeorm|fastify|ZodError|undefined is not|Cannot read/i;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * What is wrong with an answer to hostile input, a sentence each. `forbidden` are words of another tenant.
 * Without an operation the answer is one of the edge, which no document lists.
 */
export function faultsOf(answer: RawAnswer, forbidden: readonly string[], operation?: Operation): string[] {
  const faults = forbidden
    .filter((word) => answer.text.includes(word))
    .map((word) => `it tells another tenant's ${word}`);
  if (!/^[0-9a-f]{32}$/.test(answer.headers['x-trace-id'] ?? '')) faults.push('it has no X-Trace-Id');
  if (answer.status >= 500) faults.push('it is a failure of ours');
  else if (answer.status >= 400) faults.push(...refusalFaults(answer, operation));
  else faults.push(...successFaults(answer, operation));
  return faults;
}

/** OAuth's own endpoints refuse in the words of RFC 6749, 5.2, because its clients read no others. */
export const isOauth = (operation?: Operation): boolean => operation?.path.startsWith('/oauth/') === true;

/** RFC 6749, 5.2, and RFC 7009, 2.2.1. */
const RFC_6749 = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_token_type',
];

function refusalFaults(answer: RawAnswer, operation?: Operation): string[] {
  const body = parsed(answer.text);
  if (isOauth(operation) && typeof body?.error === 'string') {
    return [
      ...(operation?.responses[answer.status] ? [] : [`${answer.status} is not documented`]),
      ...(RFC_6749.includes(body.error) ? [] : ['it is no error of RFC 6749']),
      ...(INSIDE.test(answer.text) ? ['it tells of the inside'] : []),
    ];
  }
  const error = body?.error as Json | undefined;
  if (!error || Object.keys(body!).length !== 1) return ['it is not the envelope'];
  const { code, message, trace_id, timestamp, details, ...more } = error;
  const faults: string[] = [];
  if (!/^[A-Z][A-Z0-9_]+$/.test(code) || !/^[A-Z].*\.$/.test(message))
    faults.push('it does not say what is wrong');
  if (trace_id !== answer.headers['x-trace-id']) faults.push('its trace_id is not X-Trace-Id');
  if (!ISO.test(timestamp)) faults.push('its timestamp is not ISO 8601 in UTC');
  if (Object.keys(more).length > 0)
    faults.push(`it has more than an envelope: ${Object.keys(more).join(', ')}`);
  if (INSIDE.test(answer.text)) faults.push('it tells of the inside');
  if (code === 'VALIDATION_FAILED' && !saysWhere(details)) faults.push('it does not say where');
  // There the document has the RFC's body in the place of the envelope's.
  const documented = isOauth(operation) && answer.status === 400;
  if (operation && !documented && !isDocumented(operation, answer.status, code))
    faults.push(`${answer.status} ${code} is not documented`);
  return faults;
}

const saysWhere = (details: Json | undefined): boolean =>
  Array.isArray(details?.issues) &&
  details.issues.length > 0 &&
  details.issues.every(
    (one: Json) => typeof one.path === 'string' && typeof one.message === 'string' && one.message !== '',
  );

function isDocumented(operation: Operation, status: number, code: string): boolean {
  const codesOf = (response: Json | undefined) =>
    Object.keys(response?.content?.['application/json']?.examples ?? {});
  return [...codesOf(operation.responses[status]), ...codesOf(operation.responses.default)].includes(code);
}

function successFaults(answer: RawAnswer, operation?: Operation): string[] {
  if (!operation) return [`${answer.status} for something that does not exist`];
  const response = operation.responses[answer.status] as Json | undefined;
  if (!response) return [`${answer.status} is not documented`];
  const content = response.content?.['application/json'];
  if (!content) return [];
  const reason = misfit(content.schema, parsed(answer.text));
  return reason ? [`it does not fit its schema: ${reason}`] : [];
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
