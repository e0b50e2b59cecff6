import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { buildOpenApi, type OpenApiDocument, printOpenApi } from '#platform';
import { ApiModule } from '../../apps/api/api.module.js';
import { type Json, misfit, operationsOf, resolve } from '../support/openapi-fuzz-schema.js';

const KEPT = 'docs/openapi.json';
const REGENERATE = `${KEPT} is not what the code says. Write it anew: gatehouse-admin openapi print > ${KEPT}`;
const SNAKE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

describe('the OpenAPI document', () => {
  let document: OpenApiDocument;

  beforeAll(async () => {
    document = await buildOpenApi(ApiModule);
  });

  it('is the one that is kept', () => {
    const kept = readFileSync(KEPT, 'utf8');
    if (kept !== printOpenApi(document))
      throw new Error(`${REGENERATE}\n${firstDifference(kept, printOpenApi(document))}`);
  });

  it('is valid OpenAPI 3', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(printOpenApi(document)));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  it('shows a schema and a fitting example of everything that is sent and answered, all in snake_case', () => {
    expect(operationsOf(document).length).toBeGreaterThan(10);
    expect(faultsOf(document)).toEqual([]);
  });

  // A rule that never fires is no rule.
  it.each<[string, (document: OpenApiDocument) => void, RegExp]>([
    ['a body without example', (one) => delete bodyOf(one).example, /acquire: the body has no example/],
    [
      'a body whose example does not fit',
      (one) => (bodyOf(one).example.hardware_id = 7),
      /acquire: .*hardware_id must be string/,
    ],
    ['an answer without schema', (one) => delete answerOf(one).schema, /acquire: 200 has no schema/],
    [
      'an answer whose example does not fit',
      (one) => (answerOf(one).example = {}),
      /acquire: 200: .*required property/,
    ],
    [
      'a name in camelCase',
      (one) => (bodyOf(one).schema.properties.hardwareId = {}),
      /acquire: hardwareId is not snake_case/,
    ],
    [
      'an operation twice',
      (one) => Object.assign(acquireOf(one), { operationId: 'auth_me' }),
      /auth_me names two operations/,
    ],
    [
      'a refusal without example',
      (one) => delete one.components.examples!.SEATS_EXHAUSTED,
      /SEATS_EXHAUSTED has no example/,
    ],
  ])('is refused with %s', (_, plant, fault) => {
    const planted = structuredClone(document);
    plant(planted);
    expect(faultsOf(planted).join('\n')).toMatch(fault);
  });
});

const acquireOf = (document: OpenApiDocument): Json => document.paths['/api/v1/licenses/acquire']!.post!;
const bodyOf = (document: OpenApiDocument): Json =>
  acquireOf(document).requestBody.content['application/json'];
const answerOf = (document: OpenApiDocument): Json =>
  acquireOf(document).responses[200].content['application/json'];

function faultsOf(document: OpenApiDocument): string[] {
  const ids = new Map<string, number>();
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    const id = String(operation.operationId);
    ids.set(id, (ids.get(id) ?? 0) + 1);
  }
  return [
    ...[...ids].filter(([id]) => !SNAKE.test(id)).map(([id]) => `${id} is not snake_case`),
    ...[...ids].filter(([, times]) => times > 1).map(([id]) => `${id} names two operations`),
    ...operationsOf(document).flatMap((operation) =>
      [
        ...parameterFaults(operation.parameters),
        ...(operation.body ? contentFaults('the body', operation.body) : []),
        ...Object.entries(operation.responses).flatMap(([status, response]) =>
          answerFaults(document, status, response),
        ),
      ].map((fault) => `${operation.name}: ${fault}`),
    ),
  ];
}

function parameterFaults(parameters: Json[]): string[] {
  return parameters.flatMap((one) => [
    ...(one.in !== 'header' && !SNAKE.test(one.name) ? [`${one.name} is not snake_case`] : []),
    ...contentFaults(one.name, one as { schema: Json; example: unknown }),
  ]);
}

function answerFaults(document: OpenApiDocument, status: string, response: Json): string[] {
  const [content] = Object.values((response.content ?? {}) as Record<string, Json>);
  // None of these has a body.
  if (!content) return ['204', '302', '304'].includes(status) ? [] : [`${status} has no schema`];
  if (!content.examples) return contentFaults(status, content as { schema: Json; example: unknown });
  const schema = resolve(document, content.schema);
  return Object.entries(content.examples as Record<string, Json>).flatMap(([code, reference]) => {
    const example = resolve(document, reference);
    if (!example) return [`${code} has no example`];
    return contentFaults(code, { schema, example: example.value });
  });
}

function contentFaults(what: string, { schema, example }: { schema: Json; example: unknown }): string[] {
  if (!schema) return [`${what} has no schema`];
  if (example === undefined) return [`${what} has no example`];
  const reason = misfit(schema, example);
  return [...(reason ? [`${what}: ${reason}`] : []), ...camelNames(schema)];
}

function camelNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Object.keys((schema as Json).properties ?? {}).filter((name) => !SNAKE.test(name));
  return [...own.map((name) => `${name} is not snake_case`), ...Object.values(schema).flatMap(camelNames)];
}

function firstDifference(kept: string, made: string): string {
  const [old, fresh] = [kept.split('\n'), made.split('\n')];
  const line = fresh.findIndex((one, index) => one !== old[index]);
  return `Line ${line + 1} is ${JSON.stringify(old[line] ?? '')}, and should be ${JSON.stringify(fresh[line] ?? '')}.`;
}
