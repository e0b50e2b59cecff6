import { firstDifference } from './openapi.js';

const DOCUMENT = { openapi: '3.1.0', paths: { '/api/v1/licenses/{id}': { get: { tags: ['a', 'b'] } } } };
const text = (value: unknown) => JSON.stringify(value);

describe('the drift of the OpenAPI document', () => {
  it('is none for the same document in another layout', () => {
    expect(firstDifference(JSON.stringify(DOCUMENT, null, 2), text(DOCUMENT))).toBeUndefined();
  });

  it.each<[string, (document: typeof DOCUMENT) => unknown, string]>([
    ['a changed value', (it) => ({ ...it, openapi: '3.0.0' }), '#/openapi'],
    ['a removed path', (it) => ({ ...it, paths: {} }), '#/paths/~1api~1v1~1licenses~1{id}'],
    ['an added field', (it) => ({ ...it, info: {} }), '#/info: committed nothing'],
    [
      'a longer list',
      (it) => ({ ...it, paths: { '/api/v1/licenses/{id}': { get: { tags: ['a'] } } } }),
      '/tags/1',
    ],
    ['a list for an object', (it) => ({ ...it, paths: [] }), '#/paths'],
  ])('names where %s is', (_, change, where) => {
    expect(firstDifference(text(DOCUMENT), text(change(structuredClone(DOCUMENT))))).toContain(where);
  });

  it('is reported when one of them is not JSON', () => {
    expect(firstDifference('', text(DOCUMENT))).toContain('committed document is not JSON');
    expect(firstDifference(text(DOCUMENT), 'Usage: gatehouse-admin')).toContain(
      'generated document is not JSON',
    );
  });
});
