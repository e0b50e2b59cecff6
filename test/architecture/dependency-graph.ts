import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

export const root = join(import.meta.dirname, '..', '..');

export interface Violation {
  rule: string;
  from: string;
  to: string;
}

/** What dependency-cruiser reports with the rules of `.dependency-cruiser.mjs` in `directory`. */
export async function violations(directory: string): Promise<Violation[]> {
  const cli = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const rooms = ['apps', 'libs', 'migrations', 'test'];
  // It ends with the number of errors, so a non-zero exit is a result like any other when there is output.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...rooms],
    { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { stdout?: string }) => {
    if (error.stdout?.startsWith('{')) return { stdout: error.stdout };
    throw error;
  });
  const { summary } = JSON.parse(stdout) as {
    summary: { totalCruised: number; violations: { rule: { name: string }; from: string; to: string }[] };
  };
  if (summary.totalCruised === 0) throw new Error('dependency-cruiser looked at nothing');
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

/** Doors that the rules speak of, built or not yet. */
const DOORS = [
  ...['platform', 'identity', 'tenancy', 'licensing', 'billing', 'audit', 'onboarding', 'admin', 'sdk'],
  ...[
    'platform/testing',
    'identity/events',
    'tenancy/events',
    'licensing/events',
    'billing/events',
    'sdk/formats',
  ],
];

/** A product in miniature under the real rules: every front door, and `files` (path -> text) besides. */
export function plantTree(files: Readonly<Record<string, string>>): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-boundaries-')));
  const doors = DOORS.map((door): [string, string] => [
    `#${door}`,
    `libs/${door.replace(/(?=\/|$)/, '/src')}/index.ts`,
  ]);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object;
  const planted: Record<string, string> = {
    'package.json': JSON.stringify({
      ...manifest,
      imports: Object.fromEntries(doors.map(([name, file]) => [name, { source: `./${file}` }])),
    }),
    '.dependency-cruiser.mjs': readFileSync(join(root, '.dependency-cruiser.mjs'), 'utf8'),
    ...Object.fromEntries(doors.map(([, file]) => [file, 'export const door = 1;\n'])),
  };
  for (const name of ['zod', 'typeorm', 'bullmq', '@nestjs/common', '@nestjs/bullmq', 'jest', 'left-pad']) {
    planted[`node_modules/${name}/package.json`] = JSON.stringify({
      name,
      version: '1.0.0',
      main: 'index.js',
    });
    planted[`node_modules/${name}/index.js`] = 'exports.one = 1;\n';
  }
  for (const [path, text] of Object.entries({ ...planted, ...files })) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

export function imports(): Record<string, { source: string }> {
  return (
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      imports: Record<string, { source: string }>;
    }
  ).imports;
}

/** What the files of a room import from another's front door, types left out: name -> one of the files. */
export function importedNames(room: string, specifier: string): Map<string, string> {
  const directory = join(root, 'libs', room);
  const names = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/(?<!\.spec)\.ts$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    for (const name of valuesImported(file, specifier)) names.set(name, file);
  }
  return names;
}

function valuesImported(file: string, specifier: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const from = statement.moduleSpecifier;
    if (!from || !ts.isStringLiteral(from) || from.text !== specifier) return [];
    if (ts.isExportDeclaration(statement)) return ['export ... from'];
    const clause = statement.importClause;
    if (!clause?.namedBindings || !ts.isNamedImports(clause.namedBindings)) return ['*'];
    if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
    return clause.namedBindings.elements
      .filter((element) => !element.isTypeOnly)
      .map((element) => (element.propertyName ?? element.name).text);
  });
}
