import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './dependency-graph.js';

const FOCUSED = 'no-restricted-syntax';

/** Rule, file, what stands in it: one planted violation each for the rules that are ours, a few for the borrowed. */
const PLANTS: [rule: string, file: string, text: string][] = [
  ['no-restricted-properties', 'libs/billing/src/env.ts', `export const a = process.env['HOME'];`],
  ['no-restricted-properties', 'libs/platform/src/db/env.ts', `export const { env } = process;`],
  ['no-restricted-properties', 'apps/api/env.ts', `export const a = process.env;`],
  [
    'no-restricted-imports',
    'libs/billing/src/imported-env.ts',
    `import { env } from 'node:process'; export const a = env;`,
  ],
  [
    'no-restricted-imports',
    'libs/billing/src/domain/db.ts',
    `import { Db } from '#platform'; export const a = Db;`,
  ],
  [
    'no-restricted-imports',
    'libs/billing/src/domain/all.ts',
    `import * as all from '#platform'; export const a = all;`,
  ],
  ['no-restricted-syntax', 'libs/billing/src/domain/new-date.ts', `export const a = () => new Date();`],
  ['no-restricted-syntax', 'libs/billing/src/domain/date-now.ts', `export const a = () => Date.now();`],
  [
    'no-restricted-syntax',
    'libs/billing/src/domain/passed-on.ts',
    `export const a = (now = Date.now) => now();`,
  ],
  [
    'no-restricted-syntax',
    'libs/billing/src/domain/date.spec.ts',
    `it('is', () => expect(new Date()).toBeDefined());`,
  ],
  ['no-restricted-syntax', 'libs/billing/src/use-cases/date.ts', `export const a = () => new Date();`],
  ...[
    `it.only('is', () => undefined);`,
    `it.skip('is', () => undefined);`,
    `it.todo('is');`,
    `it.only.each([1])('is %i', () => undefined);`,
    `it.concurrent.only('is', async () => undefined);`,
    `describe.skip('is', () => undefined);`,
    `describe.only.each([1])('is %i', () => undefined);`,
    `test.failing('is', () => undefined);`,
    `xit('is', () => undefined);`,
    `fdescribe('is', () => undefined);`,
    `xdescribe.each([1])('is', () => undefined);`,
    `const when = true ? it : it.skip; when('is', () => undefined);`,
  ].map((text, i): [string, string, string] => [FOCUSED, `test/journeys/focused-${i}.spec.ts`, text]),
  [FOCUSED, 'libs/billing/src/x.db.spec.ts', `it.only('is', () => undefined);`],
  ['no-console', 'libs/billing/src/console.ts', `console.log('here');`],
  [
    'security/detect-eval-with-expression',
    'libs/billing/src/eval.ts',
    `export const a = (b: string) => eval(b) as string;`,
  ],
  [
    'security/detect-child-process',
    'libs/billing/src/exec.ts',
    `import { exec } from 'node:child_process'; export const a = (b: string) => exec(b);`,
  ],
  ['security/detect-unsafe-regex', 'libs/billing/src/regex.ts', `export const a = /^(a+)+$/;`],
  [
    'security/detect-bidi-characters',
    'libs/billing/src/bidi.ts',
    `export const a = 'user\u202e \u2066// admin\u2069 \u2066';`,
  ],
  [
    '@typescript-eslint/no-explicit-any',
    'libs/billing/src/any.ts',
    `export const a = (b: any) => b as string;`,
  ],
  [
    '@typescript-eslint/no-floating-promises',
    'libs/billing/src/floating.ts',
    `const a = async () => 1; export const b = () => { a(); };`,
  ],
];

const SOUND: [file: string, text: string][] = [
  ['libs/platform/src/config/environment.ts', `export const a = process.env['HOME'];\n`],
  ['apps/local/env.ts', `export const a = process.env['HOME'];\n`],
  ['test/support/env.ts', `export const a = process.env['HOME'];\n`],
  [
    'libs/billing/src/domain/plan.ts',
    `import { DomainError } from '#platform';\nexport const a = [new Date(0), DomainError];\n`,
  ],
  ['libs/billing/src/http/date.ts', 'export const a = () => new Date();\n'],
  ['libs/billing/src/domain/plan.spec.ts', `it.each([1])('is %i', () => undefined);\n`],
];

describe('the rules of the linter', () => {
  let directory: string;
  let found: { file: string; rule: string }[];

  beforeAll(async () => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-lint-')));
    const tsconfig = JSON.stringify({ compilerOptions: { strict: true, types: [], lib: ['es2024'] } });
    for (const [file, text] of [
      ['tsconfig.json', tsconfig],
      ...PLANTS.map(([, ...rest]) => rest),
      ...SOUND,
    ]) {
      mkdirSync(dirname(join(directory, file!)), { recursive: true });
      writeFileSync(join(directory, file!), text!);
    }
    found = await lint(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(PLANTS)('%s: %s', (rule, file) => {
    expect(found.filter((one) => one.file === file).map((one) => one.rule)).toContain(rule);
  });

  it('are silent about what is sound', () => {
    const files = SOUND.map(([file]) => file);
    expect(found.filter((one) => files.includes(one.file))).toEqual([]);
  });
});

async function lint(directory: string): Promise<{ file: string; rule: string }[]> {
  const cli = join(root, 'node_modules', 'eslint', 'bin', 'eslint.js');
  // It ends with 1 when it found something.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, '--config', join(root, 'eslint.config.mjs'), '--format', 'json', '.'],
    { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { stdout?: string }) => {
    if (error.stdout?.startsWith('[')) return { stdout: error.stdout };
    throw error;
  });
  const results = JSON.parse(stdout) as {
    filePath: string;
    messages: { ruleId: string | null; message: string }[];
  }[];
  return results.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, message }) => ({
      file: filePath.slice(directory.length + 1).replaceAll('\\', '/'),
      rule: ruleId ?? message,
    })),
  );
}
