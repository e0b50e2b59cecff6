import { existsSync, readFileSync } from 'node:fs';

/** Pages whose statements name the test that holds each. */
const PAGES = ['docs/user-lifecycle.md'];

const SELF = 'test/architecture/held-by.spec.ts';
/** Put together, so that it does not stand here. */
const NOWHERE = ['is', 'nowhere'].join(' ');

/** A sentence for each test that a page names and that is not there. */
function faultsOf(text: string): string[] {
  const plain = text.replaceAll(/\s+/g, ' ');
  const named = [...plain.matchAll(/`([\w./-]+\.spec\.ts)`(?: "([^"]+)")?/g)];
  if (named.length === 0) return ['It names no test.'];
  return named.flatMap(([, file = '', name]) => {
    if (!existsSync(file)) return [`There is no ${file}.`];
    if (name === undefined || readFileSync(file, 'utf8').includes(name)) return [];
    return [`${file} has no test "${name}".`];
  });
}

describe('the tests that pages name', () => {
  it.each(PAGES)('are there: %s', (page) => expect(faultsOf(readFileSync(page, 'utf8'))).toEqual([]));

  // A rule that never fires is no rule.
  it.each([
    ['Nothing.', 'It names no test.'],
    ['(`test/none.spec.ts`)', 'There is no test/none.spec.ts.'],
    [`\`${SELF}\`\n"${NOWHERE}"`, `${SELF} has no test "${NOWHERE}".`],
  ])('would be missed: %s', (text, fault) => expect(faultsOf(text)).toEqual([fault]));
});
