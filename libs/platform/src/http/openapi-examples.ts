export type JsonSchema = Record<string, unknown>;

/** The instant that examples are of. */
export const EXAMPLE_TIME = '2026-11-22T10:15:30.000Z';
const OF_FORMAT: Record<string, string> = {
  'date-time': EXAMPLE_TIME,
  date: '2026-11-22',
  email: 'ada@example.com',
  uri: 'https://example.com/',
  uuid: '0190a5f4-3b1e-7c3a-9d2f-5b8e6a7c4d10',
  ipv4: '203.0.113.7',
};

/**
 * A value as `schema` describes it, made of its own examples, defaults and first choices. What has a pattern and
 * no example comes out as 'string': the test of the document then asks for one.
 */
export function exampleOf(schema: JsonSchema): unknown {
  for (const key of ['example', 'const', 'default']) {
    if (schema[key] !== undefined) return schema[key];
  }
  for (const key of ['examples', 'enum']) {
    const [first] = (schema[key] as unknown[] | undefined) ?? [];
    if (first !== undefined) return first;
  }
  const [choice] = ((schema.oneOf ?? schema.anyOf) as JsonSchema[] | undefined) ?? [];
  if (choice) return exampleOf(choice);
  const parts = schema.allOf as JsonSchema[] | undefined;
  if (parts) return Object.assign({}, ...parts.map(exampleOf)) as unknown;
  return ofType(schema);
}

function ofType(schema: JsonSchema): unknown {
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
      return Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(field)]));
    }
    case 'array':
      return [exampleOf((schema.items ?? {}) as JsonSchema)];
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema.minimum ?? 1));
    case 'boolean':
      return true;
    case 'string':
      return OF_FORMAT[String(schema.format)] ?? 'string'.padEnd(Number(schema.minLength ?? 0), '.');
    default:
      return {};
  }
}
