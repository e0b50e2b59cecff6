import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { importedNames, imports, plantTree, root, type Violation, violations } from './dependency-graph.js';
import { QUESTIONS } from './questions.js';

/** Rule, file, what stands in it. Each is the smallest thing that the rule must not let pass. */
const PLANTS: [rule: string, file: string, text: string][] = [
  ['no-way-around-the-front-door', 'libs/billing/src/a.ts', `import '../../tenancy/src/events/index.js';`],
  [
    'no-way-around-the-front-door',
    'libs/billing/src/b.ts',
    `import type { door } from '../../platform/src/index.js';`,
  ],
  ['no-way-around-the-front-door', 'apps/api/deep.ts', `import '../../libs/tenancy/src/domain/role.js';`],
  [
    'no-way-around-the-front-door',
    'test/journeys/deep.spec.ts',
    `import '../../libs/tenancy/src/domain/role.js';`,
  ],
  ['contexts-ask-only-what-is-reviewed', 'libs/billing/src/c.ts', `import '#identity';`],
  ['contexts-ask-only-what-is-reviewed', 'libs/billing/src/d.ts', `import type { door } from '#identity';`],
  ['contexts-ask-only-what-is-reviewed', 'libs/tenancy/src/reverse.ts', `import '#identity';`],
  ['nothing-imports-onboarding-or-admin', 'libs/billing/src/e.ts', `import '#onboarding';`],
  ['nothing-imports-onboarding-or-admin', 'libs/billing/src/f.ts', `import '#admin';`],
  ['nothing-imports-onboarding-or-admin', 'libs/onboarding/src/a.ts', `import '#admin';`],
  ['nothing-imports-onboarding-or-admin', 'libs/platform/src/a.ts', `import '#onboarding';`],
  ['only-admin-imports-audit', 'libs/billing/src/g.ts', `import '#audit';`],
  ['only-admin-imports-audit', 'libs/onboarding/src/b.ts', `import '#audit';`],
  ['domain-imports-nothing-above', 'libs/billing/src/domain/a.ts', `import '../use-cases/pay.js';`],
  ['domain-imports-nothing-above', 'libs/billing/src/domain/b.ts', `import '@nestjs/common';`],
  ['domain-imports-nothing-above', 'libs/billing/src/domain/c.ts', `import '#tenancy/events';`],
  ['domain-touches-nothing-outside', 'libs/billing/src/domain/d.ts', `import 'node:fs/promises';`],
  ['domain-touches-nothing-outside', 'libs/billing/src/domain/e.ts', `import https from 'https'; https;`],
  ['events-carry-only-facts', 'libs/billing/src/events/invoice.ts', `import '../domain/plan.js';`],
  ['platform-imports-no-context', 'libs/platform/src/b.ts', `import '#tenancy/events';`],
  ['platform-imports-no-context', 'libs/platform/src/c.ts', `import '#sdk/formats';`],
  ['sdk-imports-nothing-of-the-product', 'libs/sdk/src/a.ts', `import '#platform';`],
  ['sdk-imports-nothing-of-the-product', 'libs/sdk/src/b.ts', `import '#licensing/events';`],
  ['product-uses-only-formats-of-the-sdk', 'libs/billing/src/h.ts', `import '#sdk';`],
  ['product-uses-only-formats-of-the-sdk', 'apps/worker/a.ts', `import '#sdk';`],
  ['only-platform-imports-bullmq', 'libs/billing/src/i.ts', `import 'bullmq';`],
  ['only-platform-imports-bullmq', 'apps/worker/b.ts', `import '@nestjs/bullmq';`],
  ['product-never-imports-local', 'apps/api/local.ts', `import '../local/start.js';`],
  ['product-never-imports-local', 'libs/platform/src/d.ts', `import '../../../apps/local/start.js';`],
  ['libs-import-no-programs', 'libs/platform/src/e.ts', `import '../../../apps/api/main.js';`],
  ['product-imports-no-tests', 'libs/platform/src/f.ts', `import '../../../test/support/seed.js';`],
  ['product-imports-no-tests', 'libs/billing/src/j.ts', `import '#platform/testing';`],
  ['product-imports-no-tests', 'apps/api/fake.ts', `import '#platform/testing';`],
  ['product-needs-no-dev-dependency', 'apps/cli/a.ts', `import 'jest';`],
  ['no-undeclared-package', 'libs/platform/src/g.ts', `import 'left-pad';`],
  ['no-cycles', 'libs/platform/src/h.ts', `import './i.js';`],
  ['resolvable', 'libs/billing/src/k.ts', `import '#tenancy/domain/role';`],
  ['resolvable', 'libs/billing/src/l.ts', `import '#platform/db';`],
];

/** What must pass: the same imports in their right place. */
const SOUND: [file: string, text: string][] = [
  [
    'libs/billing/src/use-cases/pay.ts',
    `import '../domain/plan.js'; import '#platform'; import '#tenancy/events';`,
  ],
  [
    'libs/billing/src/domain/plan.ts',
    `import 'zod'; import 'typeorm'; import 'node:crypto'; import '#platform';`,
  ],
  ['libs/billing/src/domain/bill.ts', `import '../events/index.js'; import '#sdk/formats';`],
  ['libs/billing/src/domain/bill.spec.ts', `import './bill.js'; import '#platform/testing'; import 'jest';`],
  ['libs/billing/src/x.db.spec.ts', `import '../../../test/support/seed.js'; import '#platform/testing';`],
  ['libs/identity/src/asks.ts', `import '#tenancy';`],
  [
    'libs/onboarding/src/register.ts',
    `import '#identity'; import '#tenancy'; import '#licensing'; import '#sdk/formats';`,
  ],
  ['libs/admin/src/tenants.ts', `import '#audit'; import '#billing'; import '#tenancy/events';`],
  ['libs/platform/src/queues/relay.ts', `import 'bullmq'; import '@nestjs/bullmq';`],
  ['libs/platform/src/i.ts', `import './h.js';`],
  ['libs/platform/src/types-a.ts', `import type { B } from './types-b.js'; export type A = B;`],
  ['libs/platform/src/types-b.ts', `import type { A } from './types-a.js'; export type B = A;`],
  ['libs/tenancy/src/domain/role.ts', 'export const role = 1;'],
  ['apps/api/main.ts', `import '#identity'; import '#onboarding'; import '#audit'; import '#admin';`],
  ['apps/local/start.ts', `import '#platform'; import '../api/main.js'; import 'jest';`],
  [
    'test/support/seed.ts',
    `import '#platform/testing'; import '#identity'; import '../../migrations/1-begin.js';`,
  ],
  [
    'test/journeys/client.spec.ts',
    `import '#sdk'; import '../../apps/local/start.js'; import '../support/seed.js';`,
  ],
  ['migrations/1-begin.ts', `import '#platform';`],
];

const TABLE = `export const QUESTIONS = [{ from: 'identity', to: 'tenancy', asks: [], why: '' }];\n`;

describe('the rules of dependency-cruiser', () => {
  let directory: string;
  let found: Violation[];

  beforeAll(async () => {
    const planted = PLANTS.map(([, file, text]) => [file, text]);
    directory = plantTree({
      ...Object.fromEntries([...planted, ...SOUND]),
      'test/architecture/questions.ts': TABLE,
    });
    found = await violations(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(PLANTS)('%s: %s', (rule, file) => {
    const rules = found.filter((one) => one.from === file).map((one) => one.rule);
    expect(rules).toContain(rule);
  });

  it('are silent about what is sound', () => {
    const inCycle = 'libs/platform/src/i.ts';
    const sound = SOUND.map(([file]) => file).filter((file) => file !== inCycle);
    expect(found.filter((one) => sound.includes(one.from))).toEqual([]);
  });

  it('all have a planted violation', async () => {
    const config = (await import(join(root, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: { name: string }[] };
    };
    const planted = new Set(PLANTS.map(([rule]) => rule));
    const names = new Set(config.default.forbidden.map((rule) => rule.name));
    expect([...names].filter((name) => !planted.has(name))).toEqual([]);
  });

  it('find nothing in this repository', async () => {
    expect(await violations(root)).toEqual([]);
    // It reads every file; beside other tests that takes a while.
  });
});

describe('the table of questions', () => {
  it('covers what contexts import from each other, name by name', () => {
    const doors = Object.keys(imports()).filter((door) => isContext(door.slice(1)));
    const rooms = doors.map((door) => door.slice(1)).filter((room) => existsSync(join(root, 'libs', room)));
    const unlisted = rooms.flatMap((from) =>
      doors
        .filter((door) => door !== `#${from}`)
        .flatMap((door) => {
          const allowed = QUESTIONS.filter((one) => one.from === from && `#${one.to}` === door).flatMap(
            (one) => one.asks,
          );
          return [...importedNames(from, door).keys()]
            .filter((name) => !name.endsWith('Module') && !allowed.includes(name))
            .map((name) => `${from} asks ${door} for ${name}`);
        }),
    );
    expect(unlisted).toEqual([]);
  });

  it('lists nothing that nobody asks any more', () => {
    const stale = QUESTIONS.flatMap(({ from, to, asks }) => {
      const used = importedNames(from, `#${to}`);
      return asks.filter((name) => !used.has(name)).map((name) => `${from} does not ask #${to} for ${name}`);
    });
    expect(stale).toEqual([]);
  });

  it('says why', () => {
    expect(QUESTIONS.filter((one) => one.why.length < 20 || one.asks.length === 0)).toEqual([]);
  });

  it('forms no cycle', () => {
    const reaches = (from: string, target: string, seen: string[] = []): boolean =>
      QUESTIONS.filter((one) => one.from === from && !seen.includes(one.to)).some(
        ({ to }) => to === target || reaches(to, target, [...seen, to]),
      );
    expect(QUESTIONS.map((one) => one.from).filter((room) => reaches(room, room))).toEqual([]);
  });
});

function isContext(room: string): boolean {
  return ['identity', 'tenancy', 'licensing', 'billing', 'audit', 'authority'].includes(room);
}
