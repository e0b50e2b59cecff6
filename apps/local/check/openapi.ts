import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { program, root } from '../paths.js';
import { execute, failed, passed, type Step } from './step.js';

const COMMITTED = join('docs', 'openapi.json');
const REFRESH = 'node dist/apps/cli/main.js openapi print > docs/openapi.json';

/** What clients were promised, docs/openapi.json, is what the schemas say now. */
export const openapi: Step = {
  name: 'openapi',
  async run() {
    const file = join(root, COMMITTED);
    if (!existsSync(file)) return failed(`${COMMITTED} is missing; write it with: ${REFRESH}`);
    const { code, stdout, output } = await execute(process.execPath, [
      program('apps/cli/main.js'),
      'openapi',
      'print',
    ]);
    if (code !== 0) return failed(`gatehouse-admin openapi print failed:\n${output}`);
    const difference = firstDifference(readFileSync(file, 'utf8'), stdout);
    if (!difference) return passed();
    return failed(
      `${COMMITTED} is not what the schemas say; the first difference is ${difference}\n` +
        `If the change of the contract is meant, commit the result of: ${REFRESH}`,
    );
  },
};

/** Undefined when both say the same, whatever their line breaks and indentation. */
export function firstDifference(committed: string, generated: string): string | undefined {
  const was = parse(committed);
  if (was === undefined) return 'that the committed document is not JSON.';
  const is = parse(generated);
  if (is === undefined) return 'that the generated document is not JSON.';
  return compare(was, is, '#');
}

function compare(was: unknown, is: unknown, path: string): string | undefined {
  if (isObject(was) && isObject(is) && Array.isArray(was) === Array.isArray(is)) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    for (const key of keys) {
      const found = compare(was[key], is[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      if (found) return found;
    }
    return undefined;
  }
  return was === is ? undefined : `at ${path}: committed ${brief(was)}, generated ${brief(is)}.`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const brief = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 120));

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
