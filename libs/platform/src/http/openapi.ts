import { VERSION } from '../telemetry/version.js';
import { exampleOf, type JsonSchema } from './openapi-examples.js';
import {
  ANYWHERE_RESPONSE,
  ERROR_SCHEMA,
  errorExamples,
  ownRefusals,
  refusalResponses,
} from './openapi-refusals.js';
import { controllersOf, type DeclaredRoute, declaredRoutes } from './openapi-routes.js';
import { SIGNATURE_REQUEST_MAX_LENGTH } from './response-signature-request.js';
import { isSignedPath } from './response-signature.js';
import type { Wire } from './wire.js';
import { wire } from './wire.js';

/** An OpenAPI 3.0 document. */
export interface OpenApiDocument {
  openapi: string;
  info: JsonSchema;
  tags: { name: string }[];
  paths: Record<string, Record<string, JsonSchema>>;
  components: Record<string, Record<string, unknown>>;
}

/**
 * The document of the API whose root module this is, without starting it: no configuration, no connection.
 *
 * @throws Error naming the route that has no @Endpoint.
 */
export async function buildOpenApi(root: Parameters<typeof controllersOf>[0]): Promise<OpenApiDocument> {
  return describeRoutes(declaredRoutes(await controllersOf(root)));
}

/** The document as it is kept in docs/openapi.json: two spaces, a line break at the end. */
export const printOpenApi = (document: OpenApiDocument): string => `${JSON.stringify(document, null, 2)}\n`;

/** The document of these routes. Order follows the routes, so that two documents can be compared as text. */
export function describeRoutes(routes: readonly DeclaredRoute[]): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const route of documented(routes)) {
    if (!route.endpoint) throw new Error(`${route.method} ${route.path} has no @Endpoint({ ... }).`);
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'Gatehouse',
      version: VERSION,
      description:
        'Identity, tenancy, licensing, billing and audit of software that runs on other people’s machines. ' +
        'JSON in snake_case; ids carry a prefix and sort by time; times are ISO 8601 in UTC. ' +
        'Every answer carries X-Trace-Id; an error’s trace_id is the same. ' +
        'A browser application of an allowed origin may send the header Gatehouse-Session: cookie with every request: ' +
        'then tokens are in cookies that no script reads, never in a body, and those stand in for a bearer.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    tags: [...new Set(documented(routes).map(tagOf))].sort().map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'The access token of a sign-in or of /oauth/token, or an API key; where PERSON_REQUIRED is listed, only that of a person.',
        },
      },
      schemas: { error: ERROR_SCHEMA },
      responses: { anywhere: ANYWHERE_RESPONSE },
      headers: HEADERS,
      parameters: PARAMETERS,
      examples: errorExamples(documented(routes)),
    },
  };
}

/** Pages are for people, and change with their words. */
const documented = (routes: readonly DeclaredRoute[]) => routes.filter((route) => !route.endpoint?.page);

const HEADERS = {
  retry_after: { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 }, example: 2 },
};

const PARAMETERS = {
  accept_signature: {
    name: 'Accept-Signature',
    in: 'header',
    required: false,
    description:
      'Asks for the answer, errors too, to be signed with a key of /.well-known/gatehouse-keys ' +
      '(RFC 9421, section 5; Ed25519): Content-Digest, Signature-Input and Signature come with it.',
    schema: { type: 'string', maxLength: SIGNATURE_REQUEST_MAX_LENGTH },
    example:
      'sig1=("@status" "content-digest" "@method";req "@path";req "@query";req);created;nonce="0190a5f4"',
  },
  idempotency_key: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Makes a repeated request answer as the first did, for 24 hours.',
    schema: { type: 'string', format: 'uuid' },
    example: '0190a5f4-3b1e-7c3a-9d2f-5b8e6a7c4d10',
  },
  tenant_id: {
    name: 'X-Tenant-Id',
    in: 'header',
    required: false,
    description: 'Must repeat the tenant of the token, where it is sent.',
    schema: { type: 'string' },
    example: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
  },
};

/** The context that a path belongs to; what is not the API proper is about the service itself. */
const tagOf = (route: DeclaredRoute): string => {
  const [, context] = /^\/api\/v1\/([^/.]+)\/?/.exec(route.path) ?? [];
  const [, root] = /^\/([^/]+)/.exec(route.path) ?? [];
  if (context && context !== 'openapi' && context !== 'status') return context;
  return root === 'oauth' || root === '.well-known' ? 'oauth' : 'service';
};

function operationOf(route: DeclaredRoute): JsonSchema {
  const { endpoint } = route;
  const body = bodyOf(route);
  const parameters = parametersOf(route);
  return {
    operationId: route.operationId,
    tags: [tagOf(route)],
    summary: endpoint.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: { ...successesOf(route), ...refusalResponses(route), ...otherAnswersOf(route) },
    security: SECURITY[endpoint.access],
    'x-budget': endpoint.budget ?? 'general',
    'x-refusals': ownRefusals(endpoint),
  };
}

const SECURITY = { public: [], bearer: [{ bearer: [] }], optional_bearer: [{ bearer: [] }, {}] };

function parametersOf(route: DeclaredRoute): JsonSchema[] {
  const described = (from: 'path' | 'query', fields: Record<string, Wire>) =>
    Object.entries(fields).map(([name, field]): JsonSchema => {
      const schema = field.jsonSchema('input');
      const required = from === 'path' || !field.schema.isOptional();
      return { name, in: from, required, schema, example: exampleOf(schema) };
    });
  return [
    ...described('path', route.params),
    ...described('query', route.query),
    ...(route.endpoint.idempotent ? [{ $ref: '#/components/parameters/idempotency_key' }] : []),
    ...(isSignedPath(route.path) ? [{ $ref: '#/components/parameters/accept_signature' }] : []),
    ...(route.endpoint.access === 'public' ? [] : [{ $ref: '#/components/parameters/tenant_id' }]),
  ];
}

function bodyOf(route: DeclaredRoute): JsonSchema | undefined {
  const given = route.body ?? (route.endpoint.body && wire(route.endpoint.body));
  if (!given) return undefined;
  const schema = given.jsonSchema('input');
  const example = route.endpoint.bodyExample ?? exampleOf(schema);
  return { required: !given.schema.isOptional(), content: { 'application/json': { schema, example } } };
}

function successesOf({ endpoint }: DeclaredRoute): Record<string, JsonSchema> {
  const { status = 200, summary: description } = endpoint;
  return {
    [status]: answerOf(
      { description, output: endpoint.output, example: endpoint.example },
      endpoint.produces,
    ),
  };
}

function otherAnswersOf({ endpoint }: DeclaredRoute): Record<string, JsonSchema> {
  const others = Object.entries(endpoint.answers ?? {});
  // Another success is of the same media type: a part of a file.
  const mediaType = (status: string) => (Number(status) < 300 ? endpoint.produces : undefined);
  return Object.fromEntries(others.map(([status, answer]) => [status, answerOf(answer, mediaType(status))]));
}

type Answer = NonNullable<DeclaredRoute['endpoint']['answers']>[number];

function answerOf(answer: Answer, mediaType = 'application/json'): JsonSchema {
  if (!answer.output) return { description: answer.description };
  const schema = wire(answer.output).jsonSchema('output');
  const example = answer.example ?? exampleOf(schema);
  return { description: answer.description, content: { [mediaType]: { schema, example } } };
}
