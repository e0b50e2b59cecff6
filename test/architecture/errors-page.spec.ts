import { readFileSync } from 'node:fs';
import { buildOpenApi, STATUS_OF_KIND } from '#platform';
import { ApiModule } from '../../apps/api/api.module.js';
import { codeRowsOf } from '../support/readme.js';
import { codesIn, type NamedCode, productSources, unnamedIn } from './error-codes.js';

const PAGE = 'docs/errors.md';

/** What DomainErrors are made of where neither kind nor code stands beside them. */
const LOOKED_AT = [
  // Tables of kind and code, found as pairs.
  'libs/platform/src/http/errors.ts: new DomainError(...refusal)',
  'libs/platform/src/http/errors.ts: new DomainError(...refusal, { cause })',
  // The reasons of a blocked licence: declared by the routes that call it.
  "libs/licensing/src/use-cases/seat-answers.ts: new DomainError('forbidden', code, message, { details })",
  // What the writer of a change was refused with, told to all whose wish was in it: kind and code were written down.
  'libs/billing/src/use-cases/change-subscription.ts: new DomainError(kind, code, message, extras)',
  'libs/billing/src/use-cases/change-subscription.ts: new DomainError(kind, code, message, { ...KEPT, retryAfterSeconds, cause: error })',
];

describe(PAGE, () => {
  const page = readFileSync(PAGE, 'utf8');
  const rows = codeRowsOf(page).map(([code, kind, status]) => ({ code, kind, status }));
  const sources = productSources();
  const inCode = codesIn(sources);

  it('has a line for every code that the product refuses with, under its kind', () => {
    expect(new Set(inCode.map((one) => one.code)).size).toBeGreaterThan(30);
    expect(missingFrom(rows, inCode)).toEqual([]);
  });

  it('has no line for a code that nothing refuses with, and none twice', () => {
    const known = new Set(inCode.map((one) => one.code));
    expect(rows.filter((row) => !known.has(row.code!)).map((row) => row.code)).toEqual([]);
    expect(new Set(rows.map((row) => row.code)).size).toBe(rows.length);
  });

  it('gives each code the status of its kind', () => {
    for (const { code, kind, status } of rows) {
      expect([code, status]).toEqual([code, String(STATUS_OF_KIND[kind as keyof typeof STATUS_OF_KIND])]);
    }
  });

  it('knows every place that makes an error of something else than two words', () => {
    const unnamed = sources.flatMap(({ file, text }) => unnamedIn(text, file));
    expect(unnamed.filter((one) => !LOOKED_AT.includes(one))).toEqual([]);
  });

  it('leaves every verdict to docs/verdicts.md, in the order they are judged', async () => {
    const document = await buildOpenApi(ApiModule);
    const told = codeRowsOf(readFileSync('docs/verdicts.md', 'utf8')).map(([code]) => code);
    expect(told).toEqual(verdictsOf(document));
    expect(told).toContain('VALID');
  });

  // A rule that never fires is no rule.
  it.each<[string, string, NamedCode]>([
    [
      'a refusal',
      `throw new DomainError('conflict', 'CAT_ASLEEP', 'x');`,
      { kind: 'conflict', code: 'CAT_ASLEEP', at: 'cat.ts:1' },
    ],
    [
      'one on several lines',
      `a();\nthrow new DomainError(\n  'gone',\n  'CAT_GONE',\n  'x');`,
      { kind: 'gone', code: 'CAT_GONE', at: 'cat.ts:3' },
    ],
    [
      'a declared one',
      `const CATS = ['CAT_TIRED'];\nrefusals: { forbidden: [...CATS] }`,
      { kind: 'forbidden', code: 'CAT_TIRED', at: 'cat.ts:2' },
    ],
  ])('would miss %s without a line', (_, text, found) => {
    expect(codesIn([{ file: 'cat.ts', text }])).toEqual([found]);
    expect(missingFrom(rows, codesIn([{ file: 'cat.ts', text }]))).toEqual([
      `${found.code} (${found.kind}), ${found.at}`,
    ]);
  });

  it('finds the codes of a list that another file shares, and of no list that a file keeps to itself', () => {
    const route = { file: 'cat.ts', text: 'refusals: { forbidden: [...CATS, ...DOGS] }' };
    const lists = {
      file: 'lists.ts',
      text: `export const CATS = ['CAT_TIRED'];\nconst DOGS = ['DOG_TIRED'];`,
    };
    expect(codesIn([route, lists])).toEqual([{ kind: 'forbidden', code: 'CAT_TIRED', at: 'cat.ts:1' }]);
  });

  it('would notice another kind, and an error made of variables', () => {
    const text = `throw new DomainError('gone', 'SEATS_EXHAUSTED', 'x'); throw new DomainError(kind, code, 'x');`;
    expect(missingFrom(rows, codesIn([{ file: 'cat.ts', text }]))).toEqual([
      'SEATS_EXHAUSTED (gone), cat.ts:1',
    ]);
    expect(unnamedIn(text, 'cat.ts')).toEqual(["cat.ts: new DomainError(kind, code, 'x')"]);
  });
});

function missingFrom(
  rows: readonly { code?: string; kind?: string }[],
  codes: readonly NamedCode[],
): string[] {
  const told = new Set(rows.map((row) => `${row.code} ${row.kind}`));
  const missing = codes.filter((one) => !told.has(`${one.code} ${one.kind}`));
  return [...new Set(missing.map((one) => `${one.code} (${one.kind}), ${one.at}`))];
}

/** The codes of the verdict's schema, wherever the document keeps it. */
function verdictsOf(document: unknown): unknown {
  if (document === null || typeof document !== 'object') return undefined;
  const { code } = document as { code?: { enum?: unknown[] } };
  if (code?.enum?.includes('ENTITLEMENT_MISSING')) return code.enum;
  for (const one of Object.values(document)) {
    const found = verdictsOf(one);
    if (found) return found;
  }
  return undefined;
}
