import security from 'eslint-plugin-security';
import tseslint from 'typescript-eslint';

const SPECS = ['**/*.spec.ts', '**/*.drill.ts', '**/*.contract.ts', 'test/**/*.ts'];

const unfinishedTests = [
  {
    selector:
      'MemberExpression[property.name=/^(only|skip|todo|failing)$/]:matches([object.name=/^(it|test|describe)$/], [object.object.name=/^(it|test|describe)$/])',
    message: 'A test that is focused or skipped lets the run lie.',
  },
  {
    selector:
      'CallExpression:matches([callee.name=/^(fit|fdescribe|xit|xtest|xdescribe)$/], [callee.object.name=/^(fit|fdescribe|xit|xtest|xdescribe)$/])',
    message: 'A test that is focused or skipped lets the run lie.',
  },
];

const ownTime = [
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'CallExpression[callee.name="Date"]',
  'MemberExpression[object.name="Date"][property.name="now"]',
  'MemberExpression[object.name="performance"][property.name="now"]',
].map((selector) => ({ selector, message: 'Rules and use cases get the time from an injected Clock.' }));

const environment = {
  properties: {
    object: 'process',
    property: 'env',
    message:
      'Settings come typed from a configuration class; the environment is read in libs/platform/src/config.',
  },
  imports: {
    name: 'node:process',
    message: 'Use the global process; its environment is read in libs/platform/src/config.',
  },
};

/** What rules may use of #platform: no database, no network, no clock, no configuration. Add a name when it is as pure. */
const PURE_PLATFORM = [
  'Aggregate',
  'DomainError',
  'RecordedEvent',
  'STEP_UP_SECONDS',
  'base32',
  'idFromBytes',
  'idOf',
  'idToBytes',
  'isId',
  'keyedHash',
  'newId',
  'notFound',
  'sameBytes',
];

export default tseslint.config(
  { ignores: ['**/node_modules/', 'dist/', 'coverage/', '.gatehouse/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.recommended,
  asErrors(security.configs.recommended),
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-self-compare': 'error',
      'no-unreachable-loop': 'error',
      'no-control-regex': 'off',
      // Every index is checked by the compiler (noUncheckedIndexedAccess) and keys from outside by Zod; what is left
      // of this rule is a report for each array access.
      'security/detect-object-injection': 'off',
      // A path made of parts is the normal case; no path comes from a request.
      'security/detect-non-literal-fs-filename': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ['**/*.ts', '**/*.mjs'],
    ignores: ['libs/platform/src/config/**', 'apps/local/**', 'test/**', '**/*.spec.ts', '*.mjs'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', environment.properties],
      'no-restricted-imports': ['error', { paths: [environment.imports] }],
    },
  },
  {
    files: ['libs/*/src/domain/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            environment.imports,
            {
              name: '#platform',
              allowImportNames: PURE_PLATFORM,
              message: 'Rules use only what is pure of #platform (PURE_PLATFORM in eslint.config.mjs).',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/*/src/domain/**/*.ts', 'libs/*/src/use-cases/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...ownTime] },
  },
  {
    files: SPECS,
    rules: { 'no-restricted-syntax': ['error', ...unfinishedTests] },
  },
  {
    // Tests read answers of any shape, and build patterns from what our own code says; nothing of it comes from outside.
    files: [...SPECS, 'test/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      'security/detect-non-literal-regexp': 'off',
      'security/detect-unsafe-regex': 'off',
    },
  },
  {
    files: ['libs/*/src/{domain,use-cases}/**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...unfinishedTests, ...ownTime] },
  },
);

/** A warning that nobody has to look at is read by nobody. */
function asErrors(config) {
  const rules = Object.fromEntries(Object.keys(config.rules).map((name) => [name, 'error']));
  return { ...config, rules };
}
