import { existsSync, readFileSync } from 'node:fs';

const PAGE = 'docs/threat-model.md';
/** `` `file`: “name” ``, wrapped wherever the page wraps. */
const TEST = /`([^`\s]+\.spec\.ts)`:\s+“([^”]+)”/g;

interface Threat {
  what: string;
  tests: { file: string; name: string }[];
}

function threatsOf(page: string): Threat[] {
  const lines = page.split(/^## Threats$/m)[1]?.split(/^## /m)[0] ?? '';
  return lines
    .split(/^- /m)
    .slice(1)
    .map((text) => ({
      what: text.split('\n', 1)[0]!,
      tests: [...text.matchAll(TEST)].map(([, file, name]) => ({
        file: file!,
        name: name!.replace(/\s+/g, ' '),
      })),
    }));
}

function faultsOf(threats: readonly Threat[]): string[] {
  return threats.flatMap(({ what, tests }) => [
    ...(tests.length === 0 ? [`nothing holds: ${what}`] : []),
    ...tests.filter((one) => !isThere(one)).map(({ file, name }) => `${file} has no test “${name}”`),
  ]);
}

/** A title as a test's source has it: the first thing that `it` or `it.each(...)` is called with. */
function isThere({ file, name }: { file: string; name: string }): boolean {
  if (!existsSync(file)) return false;
  const source = readFileSync(file, 'utf8');
  return (
    ["'", '"', '`'].some((quote) => source.includes(`(${quote}${name}${quote},`)) ||
    isOnItsOwnLine(source, name)
  );
}

const isOnItsOwnLine = (source: string, name: string) =>
  source
    .split('\n')
    .some((line) => ["'", '"', '`'].some((quote) => line.trim() === `${quote}${name}${quote},`));

describe(PAGE, () => {
  const threats = threatsOf(readFileSync(PAGE, 'utf8'));

  it('names for every threat a test that is there', () => {
    expect(threats.length).toBeGreaterThan(40);
    expect(faultsOf(threats)).toEqual([]);
  });

  it('refers to no test in a form that this does not read', () => {
    const text = readFileSync(PAGE, 'utf8').split(/^## Threats$/m)[1]!;
    const read = threats.flatMap((one) => one.tests).length;
    expect(text.match(/\.spec\.ts/g)).toHaveLength(read);
  });

  // A rule that never fires is no rule.
  it.each([
    ['- Theft.\n', ['nothing holds: Theft.']],
    ['- Theft: `test/no.spec.ts`: “is refused”\n', ['test/no.spec.ts has no test “is refused”']],
    [
      '- Theft: `test/architecture/threat-model.spec.ts`:\n  “names for every threat a test\n  that is not there”\n',
      [
        'test/architecture/threat-model.spec.ts has no test “names for every threat a test that is not there”',
      ],
    ],
    [
      '- Theft: `test/architecture/threat-model.spec.ts`: “names for every threat a test that is there”\n',
      [],
    ],
  ])('would be told of %j', (text, faults) => {
    expect(faultsOf(threatsOf(`## Threats\n${text}`))).toEqual(faults);
  });
});
