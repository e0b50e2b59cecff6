import { failureText } from './failure-text.js';

describe('failureText', () => {
  it('is the name and the message', () => {
    expect(failureText(new RangeError('too far'))).toBe('RangeError: too far');
  });

  it('says so when no error was thrown', () => {
    expect(failureText('oops')).toBe('Thrown: oops');
    expect(failureText(undefined)).toBe('Thrown: undefined');
  });

  it('keeps no credentials of a URL', () => {
    expect(failureText(new Error('cannot reach redis://user:pa:ss@host:6379/0 or https://tok@api'))).toBe(
      'Error: cannot reach redis://[masked]@host:6379/0 or https://[masked]@api',
    );
  });

  it('is one line that Postgres can store, and not longer than 500', () => {
    expect(failureText(new Error('a\u0000b\n\tc'))).toBe('Error: a b c');
    expect(failureText(new Error('x'.repeat(10_000)))).toHaveLength(500);
    // Cut in the middle of a character beyond the BMP.
    expect(failureText(new Error(`${'x'.repeat(492)}😀`)).isWellFormed()).toBe(true);
  });
});
