import ajvDraft04 from 'ajv-draft-04';
import ajvFormats from 'ajv-formats';
import type { OpenApiDocument } from '#platform';

export type Json = Record<string, any>;

/** An operation of an OpenAPI document, with what is needed to call it. */
export interface Operation {
  /** `POST /api/v1/licenses/acquire` */
  name: string;
  method: string;
  /** With parameters as `{name}`. */
  path: string;
  parameters: Json[];
  body?: { schema: Json; example: unknown };
  access: 'public' | 'bearer' | 'optional_bearer';
  /** `open` operations answer under any host name. */
  budget: string;
  responses: Json;
}

/** Every operation of the document, references resolved. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Json>).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters: (operation.parameters ?? []).map((one: Json) => resolve(document, one)),
      body: operation.requestBody?.content['application/json'],
      access: accessOf(operation.security),
      budget: operation['x-budget'],
      responses: Object.fromEntries(
        Object.entries(operation.responses as Json).map(([status, one]) => [
          status,
          resolve(document, one as Json),
        ]),
      ),
    })),
  );
}

function accessOf(security: Json[]): Operation['access'] {
  if (security.length === 0) return 'public';
  return security.some((one) => Object.keys(one).length === 0) ? 'optional_bearer' : 'bearer';
}

/** What a reference of this document stands for; anything else as it is. */
export function resolve(document: OpenApiDocument, node: Json): Json {
  if (typeof node.$ref !== 'string') return node;
  return node.$ref
    .slice('#/'.length)
    .split('/')
    .reduce<Json>((at, key) => at[key], document);
}

// OpenAPI 3.0 is the JSON Schema of draft 4, with `nullable` besides.
const ajv = new ajvDraft04.default({ strict: false, allErrors: true });
ajvFormats.default(ajv as never);

/** Why `value` does not fit `schema` (of OpenAPI 3.0), or null when it does. */
export function misfit(schema: Json, value: unknown): string | null {
  const fits = ajv.compile(schema);
  return fits(value) ? null : ajv.errorsText(fits.errors);
}
