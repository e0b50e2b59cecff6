import { QUESTIONS } from './test/architecture/questions.ts';

const CONTEXTS = ['identity', 'tenancy', 'licensing', 'billing', 'audit', 'authority'];
const TEST_CODE = '\\.(spec|drill|contract)\\.ts$';
const PLATFORM = '^libs/platform/src/index\\.ts$';
const FORMATS = '^libs/sdk/src/formats/index\\.ts$';
const EVENTS = '^libs/[^/]+/src/events/index\\.ts$';

/** The map of docs and house: every rule has a planted violation in test/architecture/boundaries.spec.ts. */
const forbidden = [
  {
    name: 'no-way-around-the-front-door',
    comment: "Another room is entered by its name in package.json's imports (#licensing), never by a path.",
    from: { path: '^(libs/[^/]+|apps/[^/]+|migrations|test)/' },
    to: { path: '^libs/', pathNot: '^$1/', dependencyTypesNot: ['aliased-subpath-import'] },
  },
  ...CONTEXTS.map((context) => ({
    name: 'contexts-ask-only-what-is-reviewed',
    comment:
      'A context imports itself, #platform, anyone’s events, and what test/architecture/questions.ts lists.',
    from: { path: `^libs/${context}/` },
    to: {
      path: `^libs/(${CONTEXTS.join('|')})/`,
      // Audit has a rule of its own, which no line of the table can lift.
      pathNot: [`^libs/${context}/`, '^libs/audit/', EVENTS, ...asked(context)],
    },
  })),
  {
    name: 'nothing-imports-onboarding-or-admin',
    comment: 'They span contexts; whoever imported them would know everyone.',
    from: { path: '^libs/([^/]+)/' },
    to: { path: '^libs/(onboarding|admin)/', pathNot: '^libs/$1/' },
  },
  {
    name: 'only-admin-imports-audit',
    comment: 'The trail listens to everyone; nobody may come to depend on it.',
    from: { path: '^libs/', pathNot: '^libs/(admin|audit)/' },
    to: { path: '^libs/audit/' },
  },
  {
    name: 'domain-imports-nothing-above',
    comment:
      "Rules know their own domain/ and the events they record, #platform's pure parts, and how they are mapped.",
    from: { path: '^libs/([^/]+)/src/domain/', pathNot: TEST_CODE },
    to: {
      pathNot: ['^libs/$1/src/(domain|events)/', PLATFORM, FORMATS, 'node_modules/(typeorm|zod)/'],
      dependencyTypesNot: ['core'],
    },
  },
  {
    name: 'domain-touches-nothing-outside',
    comment: 'Rules read no file and open no connection.',
    from: { path: '^libs/[^/]+/src/domain/', pathNot: TEST_CODE },
    to: {
      dependencyTypes: ['core'],
      path: '^(node:)?(fs|net|tls|dns|dgram|https?|http2|child_process|cluster|worker_threads|process|os|timers)(/|$)',
    },
  },
  {
    name: 'events-carry-only-facts',
    comment: 'What we announce names no entity and no use case: whoever listens would get them too.',
    from: { path: '^libs/(?!platform/)([^/]+)/src/events/', pathNot: TEST_CODE },
    to: {
      pathNot: ['^libs/$1/src/events/', PLATFORM, FORMATS, 'node_modules/zod/'],
      dependencyTypesNot: ['core'],
    },
  },
  {
    name: 'platform-imports-no-context',
    comment: 'Everything stands on the platform; it stands on nothing of ours.',
    from: { path: '^libs/platform/' },
    to: { path: '^libs/', pathNot: '^libs/(platform|onboarding|admin)/' },
  },
  {
    name: 'sdk-imports-nothing-of-the-product',
    comment: 'It is published and runs on other people’s machines.',
    from: { path: '^libs/sdk/', pathNot: TEST_CODE },
    to: { path: '^(libs|apps|migrations|test)/', pathNot: '^libs/sdk/' },
  },
  {
    name: 'product-uses-only-formats-of-the-sdk',
    comment: 'The client talks to the product, not the product to its client.',
    from: { path: '^(libs/(?!sdk/)|apps/(api|worker|cli)/)', pathNot: TEST_CODE },
    to: { path: '^libs/sdk/', pathNot: FORMATS },
  },
  {
    name: 'only-platform-imports-bullmq',
    comment: 'BullMQ is how work moves; what is true is in Postgres. Contexts declare handlers.',
    from: { path: '^(libs|apps)/', pathNot: '^libs/platform/' },
    to: { path: 'node_modules/(bullmq|@nestjs/bullmq)/' },
  },
  {
    name: 'product-never-imports-local',
    comment: 'apps/local is for developers and is not shipped.',
    from: { path: '^(libs|migrations|apps/(?!local/)[^/]+)/' },
    to: { path: '^apps/local/' },
  },
  {
    name: 'libs-import-no-programs',
    comment: 'Programs are made of rooms, not rooms of programs.',
    from: { path: '^(libs|migrations)/' },
    to: { path: '^apps/', pathNot: '^apps/local/' },
  },
  {
    name: 'product-imports-no-tests',
    comment: 'Test support stays with tests.',
    from: {
      path: '^(libs|migrations|apps/(?!local/)[^/]+)/',
      pathNot: [TEST_CODE, '^libs/[^/]+/src/testing/'],
    },
    to: { path: ['^test/', '^libs/[^/]+/src/testing/', TEST_CODE] },
  },
  {
    name: 'product-needs-no-dev-dependency',
    comment: 'It would be missing after npm ci --omit=dev.',
    from: {
      path: '^(libs|migrations|apps/(?!local/)[^/]+)/',
      pathNot: [TEST_CODE, '^libs/[^/]+/src/testing/'],
    },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-undeclared-package',
    comment: 'A package that package.json does not name is there by accident.',
    from: { path: '^(libs|apps|migrations|test)/' },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'no-cycles',
    comment: 'Two ES modules that import each other break at start.',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'resolvable',
    comment: 'It leads nowhere; behind a front door there is no deeper specifier.',
    from: { path: '^(libs|apps|migrations|test)/' },
    to: { couldNotResolve: true },
  },
].map((rule) => ({ severity: 'error', ...rule }));

function asked(context) {
  return QUESTIONS.filter((one) => one.from === context).map((one) => `^libs/${one.to}/src/index\\.ts$`);
}

export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^coverage/', '^\\.gatehouse/', '\\.mjs$'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'types', 'import', 'node', 'default'],
    },
  },
};
