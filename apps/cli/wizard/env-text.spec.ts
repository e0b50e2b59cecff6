import { envValues, envWith } from './env-text.js';

const FILE = `# Of this installation.
PORT=3000

export NAME='first'   # as it was
TEXT="one
OTHER=within
two"`;

describe('a setting in a file of settings', () => {
  it('is replaced where it stands, and else comes last; nothing else is changed', () => {
    const text = envWith(
      FILE,
      new Map([
        ['NAME', `a'b`],
        ['NEW', '$1 & $&'],
      ]),
    );
    expect(text.split('\n').slice(0, 3)).toEqual(FILE.split('\n').slice(0, 3));
    expect(Object.fromEntries(envValues(text))).toEqual({
      ...Object.fromEntries(envValues(FILE)),
      NAME: `a'b`,
      NEW: '$1 & $&',
    });
    expect(envWith('', new Map([['NAME', 'x']]))).toBe(`NAME='x'\n`);
  });

  it.each([
    ['stands there twice', 'NAME=a\nNAME=b\n', 'NAME'],
    ['stands within the lines of another', FILE, 'OTHER'],
  ])('is left alone when it %s', (_, text, name) =>
    expect(() => envWith(text, new Map([[name, 'x']]))).toThrow(`${name} cannot be changed there`),
  );
});
