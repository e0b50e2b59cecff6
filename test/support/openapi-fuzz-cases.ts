import fc from 'fast-check';
import type { RawRequest } from './openapi-fuzz-client.js';
import { type Json, misfit, type Operation } from './openapi-fuzz-schema.js';
import {
  hostileJson,
  hostileText,
  isUnstorable,
  placesOf,
  withKeyAt,
  withValueAt,
} from './openapi-fuzz-values.js';

/** One hostile request, and what may come of it. */
export interface HostileCase {
  what: string;
  request: RawRequest;
  /** The refusals that fit; `any` of them; or `none_needed`, where the input may turn out to be harmless. */
  answer: readonly number[] | 'any' | 'none_needed';
}

/** The request that the document shows as an example, sent by a caller who may; the cases spoil it in one place. */
export interface Sound {
  operation: Operation;
  /** With the values of path parameters filled in. */
  target: string;
  headers: [string, string][];
}

const JSON_TYPE: [string, string] = ['content-type', 'application/json'];
/** The API's own default limit is 262,144 bytes. */
const TOO_LARGE = 300_000;
const DEPTH = 10_000;

const request = (sound: Sound, change: Partial<RawRequest> = {}): RawRequest => ({
  method: sound.operation.method,
  target: sound.target,
  headers: sound.headers,
  ...change,
});

const withJson = (sound: Sound, body: string | Buffer): RawRequest =>
  request(sound, { headers: [...sound.headers, JSON_TYPE], body: Buffer.from(body as string) });

/** The example of the body as JSON text; an empty object where the route takes none. */
const soundBody = (sound: Sound): string => JSON.stringify(sound.operation.body?.example ?? {});

const takesBytes = (sound: Sound) => sound.operation.method !== 'GET' && sound.operation.method !== 'HEAD';

type Cases = (sound: Sound) => fc.Arbitrary<HostileCase> | null;

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
  return bytes.map((given) => ({
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
  if (!takesBytes(sound)) return null;
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
  return fc.option(types, { nil: null }).map((type) => ({
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
  return fc.constantFrom<HostileCase>(
    { what: 'a body that is too large', request: withJson(sound, body), answer: [413] },
    {
      what: 'a body that says it is too large',
      request: request(sound, { headers: [...sound.headers, JSON_TYPE], announcedLength: 2 ** 40 }),
      answer: [413],
    },
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
    fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'tenant_id',
      'role',
      'scopes',
      ...camel,
    ),
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

/** Strange, and allowed by the document: nothing of ours fails, nothing of others is told. */
export const strangeValues: Cases = (sound) => {
  const { body } = sound.operation;
  if (!body) return null;
  return fc
    .tuple(fc.constantFrom(...placesOf(body.example)), hostileJson)
    .map(([path, value]) => [path, value, withValueAt(body.example, path, value)] as const)
    .map(([path, value, text]) => ({
      what: `${value.slice(0, 60)} as ${path.join('.') || 'the body'}`,
      request: withJson(sound, text),
      answer: 'none_needed',
    }));
};

export const hostilePaths: Cases = (sound) => {
  const names = sound.operation.parameters.filter((one) => one.in === 'path');
  if (names.length === 0) return null;
  const segments = fc.oneof(
    fc.constantFrom(
      '%00',
      '%ff',
      '%zz',
      '%',
      '%ed%a0%80',
      '..%2f..%2fetc',
      '%2e%2e',
      '\xff\xfe',
      "'",
      '*',
      '~',
      '-1',
      '0',
    ),
    fc.constantFrom(
      'a'.repeat(199),
      'a'.repeat(300),
      'a'.repeat(9_000),
      'null',
      '__proto__',
      'constructor',
      '1e309',
    ),
    hostileText
      .filter((text) => text.isWellFormed() && text.length > 0 && text.length < 2_000)
      .map(encodeURIComponent),
    fc.string({
      unit: fc.integer({ min: 0x80, max: 0xff }).map((byte) => String.fromCharCode(byte)),
      minLength: 1,
    }),
  );
  return segments
    .filter((segment) => !['%2e%2e', '%2E'].includes(segment) && !/^\.{1,2}$/.test(segment))
    .map((segment) => ({
      what: `${segment.slice(0, 60)} in the path`,
      request: request(sound, { target: sound.operation.path.replace(/\{\w+\}/g, () => segment) }),
      answer: 'any',
    }));
};

export const hostileQueries: Cases = (sound) => {
  if (sound.operation.method !== 'GET') return null;
  const declared = sound.operation.parameters.filter((one) => one.in === 'query');
  const plain = fc
    .constantFrom(
      '?__proto__=1',
      '?a[$gt]=1',
      '?%00=%00',
      '?%ff=%ff',
      '?%zz',
      '?=&&&=',
      '?a=1&a=2',
      `?${'a'.repeat(7_000)}`,
      '?constructor[prototype]=1',
    )
    .map((query): HostileCase => ({
      what: query.slice(0, 40),
      request: request(sound, { target: sound.target + query }),
      answer: 'none_needed',
    }));
  if (declared.length === 0) return plain;

  const wrong = fc.tuple(fc.constantFrom(...declared), hostileText).map(([one, text]): HostileCase => {
    const value = text.isWellFormed() ? encodeURIComponent(text.slice(0, 5_000)) : '%ed%a0%80';
    const isWrong =
      text.includes('\0') || !text.isWellFormed() || !fitsAsText(one.schema, text.slice(0, 5_000));
    return {
      what: `${value.slice(0, 60)} as ${one.name}`,
      request: request(sound, { target: `${sound.target}?${one.name}=${value}` }),
      answer: isWrong ? 'any' : 'none_needed',
    };
  });
  const twice = fc.constantFrom(...declared).map((one): HostileCase => ({
    what: `${one.name} twice`,
    request: request(sound, {
      target: `${sound.target}?${one.name}=${one.example}&${one.name}=${one.example}`,
    }),
    answer: [422],
  }));
  return fc.oneof(
    { weight: 1, arbitrary: plain },
    { weight: 4, arbitrary: wrong },
    { weight: 1, arbitrary: twice },
  );
};

/** Everything in a query is text; a number is one that reads as one. */
function fitsAsText(schema: Json, text: string): boolean {
  if (schema.type !== 'integer' && schema.type !== 'number')
    return schema.type !== 'string' || misfit(schema, text) === null;
  return misfit(schema, Number(text)) === null;
}

export const hostileHeaders: Cases = (sound) => {
  const { operation } = sound;
  const bearer = sound.headers.find(([name]) => name === 'authorization');
  const add = (what: string, header: [string, string], answer: HostileCase['answer']): HostileCase => ({
    what,
    request: { ...request(sound), headers: [...sound.headers, header] },
    answer,
  });
  const cases: fc.Arbitrary<HostileCase>[] = [
    fc
      .constantFrom('evil.example', '127.0.0.1.evil.example', '', 'a b', '[::1', 'localhost:99999', '\xff')
      .map((host) => add(`the host ${host}`, ['host', host], [400])),
    fc
      .constantFrom('\0', '\x01', '\x7f\0', 'a\rb', 'a\nb')
      .map((value) => add('a control character in a header', ['x-garbage', value], [400])),
    fc
      .constantFrom('bad name', 'bad\0name', '')
      .map((name) => add('a header that has no name', [name, 'x'], [400])),
    fc.constant(add('headers without end', ['x-garbage', 'a'.repeat(100_000)], [431])),
    fc
      .constantFrom('two', '-1', '1e9', '0x10', '')
      .map((value) => add('a length that is none', ['content-length', value], [400])),
  ];
  if (bearer && operation.access === 'bearer') {
    cases.push(
      hostileText
        .filter((text) => /^[\x21-\x7e]{1,500}$/.test(text))
        .map((text) => add('another tenant in X-Tenant-Id', ['x-tenant-id', text], [403])),
    );
  }
  if (operation.parameters.some((one) => one.name === 'Idempotency-Key')) {
    cases.push(
      fc
        .constantFrom('1', 'a'.repeat(5_000), 'not-a-uuid', '00000000-0000-0000-0000-00000000000g')
        .map((key) => add('no UUID as Idempotency-Key', ['idempotency-key', key], [400])),
    );
  }
  return fc.oneof(...cases);
};
