import { byteRange } from './byte-range.js';

describe('a range of bytes', () => {
  it.each([
    ['bytes=0-', { from: 0, end: 10 }],
    ['bytes=4-', { from: 4, end: 10 }],
    ['bytes=4-6', { from: 4, end: 7 }],
    ['bytes=4-400', { from: 4, end: 10 }],
    ['bytes=-3', { from: 7, end: 10 }],
    ['bytes=-30', { from: 0, end: 10 }],
  ])('%s of ten bytes', (header, range) => expect(byteRange(header, 10)).toEqual(range));

  it.each([
    undefined,
    '',
    'bytes=-',
    'bytes=10-',
    'bytes=6-4',
    'bytes=-0',
    'bytes=0-1,3-4',
    'lines=1-2',
    'bytes=x-',
  ])('%s is all of it', (header) => expect(byteRange(header, 10)).toBeNull());
});
