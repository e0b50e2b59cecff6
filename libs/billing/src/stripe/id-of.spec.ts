import { refId } from './id-of.js';

describe('refId', () => {
  it.each([
    ['cus_1', 'cus_1'],
    [{ id: 'cus_1' }, 'cus_1'],
    [null, null],
    [undefined, null],
  ])('of %j is %j', (ref, id) => {
    expect(refId(ref)).toBe(id);
  });
});
