import fc from 'fast-check';
import {
  type Cases,
  type HostileCase,
  isRaw,
  JSON_TYPE,
  request,
  soundBody,
  takesBytes,
  withJson,
} from './openapi-fuzz-case.js';
import { isOauth } from './openapi-fuzz-answers.js';
import { type Json, misfit } from './openapi-fuzz-schema.js';
import {
  hostileJson,
  hostileText,
  isUnstorable,
  placesOf,
  withKeyAt,
  withValueAt,
} from './openapi-fuzz-values.js';

/** The API's own default limit is 262,144 bytes. */
const TOO_LARGE = 300_000;
const DEPTH = 10_000;

export const malformedJson: Cases = (sound) => {
  if (!takesBytes(sound)) return null;
  const body = soundBody(sound);
  const bytes = fc.oneof(
    fc
      .constantFrom(
        '',
        '{',
        '[1,]',
        "{'a':1}",
        'NaN',
        'undefined',
        `${body}x`,
        `${body}${body}`,
        body.slice(0, -1),
      )
      .map((text) => Buffer.from(text)),
    fc
      .constantFrom('{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}', `{"a":"\u0001"}`)
      .map((text) => Buffer.from(text)),
    fc.constantFrom(
      Buffer.from([0xff, 0xfe]),
      Buffer.from('{"a":"\xff"}', 'latin1'),
      Buffer.from('{"a":"\xc0\xaf"}', 'latin1'),
    ),
    fc.constantFrom(Buffer.from(body, 'utf16le'), Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1')),
    fc
      .uint8Array({ minLength: 1, maxLength: 200 })
      .map((random) => Buffer.from(random))
      .filter((random) => !isJson(random)),
  );
  // An empty one is none.
  const some = bytes.filter((given) => given.length > 0);
  return some.map((given) => ({
    what: 'a body that is not JSON',
    request: request(sound, { headers: [...sound.headers, JSON_TYPE], body: given }),
    answer: [400],
  }));
};

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
    return true;
  } catch {
    return false;
  }
}

export const wrongMediaType: Cases = (sound) => {
  if (!takesBytes(sound) || isRaw(sound)) return null;
  const types = fc.oneof(
    fc.constantFrom(
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ),
    fc.constantFrom(
      'application/octet-stream',
      'application/jsonp',
      'text/json',
      '',
      ';',
      'json',
      '*/*',
      'a'.repeat(2_000),
    ),
  );
  // The one kind of route that takes forms.
  const wrong = types.filter((type) => !isOauth(sound.operation) || !type.endsWith('-urlencoded'));
  return fc.option(wrong, { nil: null }).map((type) => ({
    what: `a body of the media type ${type}`,
    request: request(sound, {
      headers: type === null ? sound.headers : [...sound.headers, ['content-type', type]],
      body: Buffer.from(soundBody(sound)),
    }),
    answer: [415],
  }));
};

export const tooLarge: Cases = (sound) => {
  if (!takesBytes(sound)) return null;
  const body = withKeyAt(JSON.parse(soundBody(sound)), [], 'filler', JSON.stringify('a'.repeat(TOO_LARGE)));
  const announced: HostileCase = {
    what: 'a body that says it is too large',
    request: request(sound, { headers: [...sound.headers, JSON_TYPE], announcedLength: 2 ** 40 }),
    answer: [413],
  };
  // That has a limit of its own.
  if (isRaw(sound)) return fc.constant(announced);
  return fc.constantFrom<HostileCase>(
    { what: 'a body that is too large', request: withJson(sound, body), answer: [413] },
    announced,
  );
};

export const deeplyNested: Cases = (sound) => {
  const { body } = sound.operation;
  if (!body) return null;
  const nest = fc.constantFrom(
    `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
    `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`,
    `${'[{"a":'.repeat(DEPTH / 2)}1${'}]'.repeat(DEPTH / 2)}`,
  );
  const texts = fc.oneof(
    fc
      .tuple(fc.constantFrom(...placesOf(body.example)), nest)
      .map(([path, value]) => withValueAt(body.example, path, value)),
    nest.map((value) => withKeyAt(body.example, [], 'extra', value)),
  );
  return texts.map((text) => ({
    what: `${DEPTH} levels in a body`,
    request: withJson(sound, text),
    answer: body.schema.additionalProperties === false ? 'any' : 'none_needed',
  }));
};

export const unknownFields: Cases = (sound) => {
  const { body } = sound.operation;
  if (body?.schema.additionalProperties !== false) return null;
  const camel = Object.keys(body.schema.properties ?? {})
    .map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()))
    .filter((name) => !Object.hasOwn(body.schema.properties, name));
  const known = new Set(Object.keys(body.schema.properties ?? {}));
  const names = fc.oneof(
    fc
      .constantFrom(
        '__proto__',
        'constructor',
        'prototype',
        'toString',
        'hasOwnProperty',
        'tenant_id',
        'role',
        'scopes',
        ...camel,
      )
      .filter((name) => !known.has(name)),
    hostileText.filter((name) => !known.has(name)),
  );
  return fc.tuple(names, hostileJson).map(([name, value]) => ({
    what: `the unknown field ${JSON.stringify(name).slice(0, 60)}`,
    request: withJson(sound, withKeyAt(body.example, [], name, value)),
    answer: [400, 422],
  }));
};

/** Whatever the document does not allow is refused, and so is what no database takes. */
export const wrongValues: Cases = (sound) => {
  const { body } = sound.operation;
  if (!body) return null;
  return fc
    .tuple(fc.constantFrom(...placesOf(body.example)), hostileJson)
    .map(([path, value]) => [path, value, withValueAt(body.example, path, value)] as const)
    .filter(([, , text]) => isUnstorable(text) || misfit(body.schema, JSON.parse(text)) !== null)
    .map(([path, value, text]) => ({
      what: `${value.slice(0, 60)} as ${path.join('.') || 'the body'}`,
      request: withJson(sound, text),
      answer: 'any',
    }));
};

/** So many values are tried to find whether a body allows any of them. */
const PROBES = 200;

/** Strange, and allowed by the document: nothing of ours fails, nothing of others is told. */
export const strangeValues: Cases = (sound) => {
  const { body } = sound.operation;
  if (!body) return null;
  const texts = sparser(body.schema, body.example)
    .chain((example) => fc.tuple(fc.constant(example), fc.constantFrom(...placesOf(example)), hostileJson))
    .map(([example, path, value]) => [path, value, withValueAt(example, path, value)] as const);
  const isAllowed = ([, , text]: readonly [unknown, string, string]) =>
    !isUnstorable(text) && misfit(body.schema, JSON.parse(text)) === null;
  // A body that takes nothing but an id allows none: looking for one would never end.
  if (!fc.sample(texts, { numRuns: PROBES, seed: 1 }).some(isAllowed)) return null;
  return texts.filter(isAllowed).map(([path, value, text]) => ({
    what: `${value.slice(0, 60)} as ${path.join('.') || 'the body'}`,
    request: withJson(sound, text),
    answer: 'none_needed',
  }));
};

/** The example without some of the fields that may be left out: another way through the use case. */
function sparser(schema: Json, example: unknown): fc.Arbitrary<unknown> {
  const optional = Object.keys(schema.properties ?? {}).filter((name) => !schema.required?.includes(name));
  return fc
    .subarray(optional)
    .map((left) =>
      Object.fromEntries(Object.entries(example as Json).filter(([name]) => !left.includes(name))),
    );
}

/** Credentials of the caller's own, wrong in one character: they open nothing and end nothing. */
export const nearMisses =
  (credentials: Record<string, string>): Cases =>
  (sound) => {
    const { body } = sound.operation;
    const names = Object.keys(body?.schema.properties ?? {}).filter((name) =>
      Object.hasOwn(credentials, name),
    );
    if (!body || names.length === 0) return null;
    return (
      fc
        .tuple(
          sparser(body.schema, body.example),
          fc.constantFrom(...names),
          fc.oneof(fc.nat(), fc.constantFrom(-1, 0)),
          fc.constantFrom(...'ARhxq7_-.!'),
        )
        .map(([example, name, at, character]) => {
          const credential = credentials[name]!;
          // The last character of base64 has bits to spare: -1.
          const place = at < 0 ? credential.length - 1 : at % (credential.length + 1);
          return [
            name,
            credential.slice(0, place) + character + credential.slice(place + 1),
            example,
          ] as const;
        })
        // A licence key is typed by people: case means nothing in it.
        .filter(([name, near]) => near.toUpperCase() !== credentials[name]!.toUpperCase())
        .map(([name, near, example]) => ({
          what: `${near} as ${name}`,
          request: withJson(sound, JSON.stringify({ ...(example as object), [name]: near })),
          answer: 'none_needed',
        }))
    );
  };
