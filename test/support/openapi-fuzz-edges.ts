import fc from 'fast-check';
import { type Cases, type HostileCase, request } from './openapi-fuzz-case.js';
import { type Json, misfit } from './openapi-fuzz-schema.js';
import { hostileCursor, hostileText } from './openapi-fuzz-values.js';

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
  const lists = declared.filter((one) => one.name === 'cursor');
  const cursors = lists.map((one) =>
    hostileCursor.map((value): HostileCase => ({
      what: `the cursor ${value.slice(0, 60)}`,
      request: request(sound, { target: `${sound.target}?${one.name}=${value}` }),
      answer: 'none_needed',
    })),
  );
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
    ...cursors.map((arbitrary) => ({ weight: 4, arbitrary })),
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
      .map((host) =>
        add(`the host ${host}`, ['host', host], operation.budget === 'open' ? 'none_needed' : [400]),
      ),
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
