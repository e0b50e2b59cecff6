import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOM = 'apps/local/stripe';
/** A page of Stripe's reference that shows an object. */
const PAGE = /https:\/\/docs\.stripe\.com\/api\/[\w/-]+/;
/** What the local Stripe remembers beside Stripe's objects. */
const OURS = ['notes', 'usage'];

/** What stands above something, and which objects of Stripe's are put together in it. */
interface Builder {
  comment: string;
  builds: string[];
}

/** Of a file: its declarations, and within a class its members. */
function buildersOf(text: string): Builder[] {
  const source = ts.createSourceFile('shape.ts', text, ts.ScriptTarget.Latest, true);
  const parts = source.statements.flatMap((one): ts.Node[] =>
    ts.isClassDeclaration(one) ? [...one.members] : [one],
  );
  return parts.map((one) => ({
    comment: (ts.getLeadingCommentRanges(text, one.getFullStart()) ?? [])
      .map(({ pos, end }) => text.slice(pos, end))
      .join('\n'),
    builds: namesIn(one),
  }));
}

/** The words in `object` of the objects that are written out there. */
function namesIn(node: ts.Node): string[] {
  const own =
    ts.isPropertyAssignment(node) &&
    node.name.getText() === 'object' &&
    ts.isStringLiteral(node.initializer) &&
    ts.isObjectLiteralExpression(node.parent)
      ? [node.initializer.text]
      : [];
  const inside: string[] = [];
  node.forEachChild((child) => void inside.push(...namesIn(child)));
  return [...own, ...inside];
}

/** A sentence for each of `kinds` that nobody builds below its page of the reference. */
const faultsOf = (kinds: readonly string[], builders: readonly Builder[]): string[] =>
  kinds
    .filter((kind) => !builders.some((one) => one.builds.includes(kind) && PAGE.test(one.comment)))
    .map((kind) => `${kind}: no page of docs.stripe.com/api stands above what builds it.`);

/** The words of the interface that names everything the local Stripe keeps. */
function kindsOf(text: string): string[] {
  const source = ts.createSourceFile('kinds.ts', text, ts.ScriptTarget.Latest, true);
  const kinds = source.statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === 'Kinds');
  const members = kinds && ts.isInterfaceDeclaration(kinds) ? [...kinds.members] : [];
  return members.map((one) => (one.name as ts.StringLiteral | ts.Identifier).text);
}

describe('the objects of the local Stripe', () => {
  it('are each built below the page of Stripe’s reference that shows their shape', () => {
    const kinds = kindsOf(readFileSync(join(ROOM, 'kinds.ts'), 'utf8')).filter((one) => !OURS.includes(one));
    expect(kinds).toContain('subscription');
    const files = readdirSync(ROOM, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'),
    );
    const builders = files.flatMap((file) => buildersOf(readFileSync(join(ROOM, file), 'utf8')));
    // What is only inside of others has a page of its own, too.
    const inside = [
      'account',
      'item',
      'line_item',
      'plan',
      'subscription_item',
      'billing.meter_event_summary',
    ];
    expect(faultsOf([...kinds, ...inside], builders)).toEqual([]);
  });

  // A rule that never fires is no rule.
  it.each([
    [`function make() { return { id: '1', object: 'thing' }; }`],
    [`/** A thing. */\nfunction make() { return { id: '1', object: 'thing' }; }`],
    [
      `/** https://docs.stripe.com/api/things/object */\nfunction other() {}\nfunction make() { return { object: 'thing' }; }`,
    ],
    [`/** https://docs.stripe.com/api/things/object */\ninterface Thing { object: 'thing' }`],
  ])('would be missed: %s', (text) => {
    expect(faultsOf(['thing'], buildersOf(text))).toHaveLength(1);
  });

  it('are found in functions, constants and members', () => {
    const page = '/** https://docs.stripe.com/api/things/object: as it is. */';
    for (const text of [
      `${page}\nexport function make() { return add({ ...more, object: 'thing' }); }`,
      `${page}\nconst THING = { object: 'thing' };`,
      `class Books {\n  ${page}\n  make() { return { object: 'thing' }; }\n}`,
    ])
      expect(faultsOf(['thing'], buildersOf(text))).toEqual([]);
    expect(kindsOf(`export interface Kinds { 'a.b': X; c: Y }`)).toEqual(['a.b', 'c']);
  });
});
