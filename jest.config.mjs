/**
 * Five tiers, each selectable with --selectProjects. They run as ES modules, so Node needs
 * --experimental-vm-modules; `npm test` starts the parts, builds dist/ for the journeys and passes it.
 */
export const tier = (displayName, testMatch) => ({
  displayName,
  rootDir: import.meta.dirname,
  testMatch,
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.gatehouse/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Jest adds `import` or `require` itself; naming one here would give CommonJS packages the wrong file.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
});

const room = (suffix) => [`<rootDir>/{apps,libs,migrations}/**/*${suffix}`];

export default {
  projects: [
    {
      ...tier('unit', room('.spec.ts')),
      testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.db\\.spec\\.ts$'],
    },
    tier('db', room('.db.spec.ts')),
    {
      ...tier('journeys', ['<rootDir>/test/journeys/**/*.spec.ts']),
      testPathIgnorePatterns: ['/node_modules/', '/dist/', '/(pages-[^/]*|readme)\\.spec\\.ts$'],
    },
    {
      ...tier('browser', ['<rootDir>/test/journeys/{pages-*,readme}.spec.ts']),
      // Finds a browser, or fetches one, once and only where one of these is to run.
      globalSetup: '<rootDir>/dist/apps/local/test-browser.js',
    },
    tier('architecture', ['<rootDir>/test/architecture/**/*.spec.ts']),
  ],
  // For all tiers alike: Jest does not read it from a project. Longer than anything in a test waits by itself on a busy
  // machine, so that what waited in vain is what fails.
  testTimeout: 180_000,
  // One more than the two cores of a small machine: half of the time of a journey is waiting.
  maxWorkers: 3,
  // A worker keeps what each file leaves behind, and measuring coverage looks through all of it: it would take longer
  // from file to file, a hundred of them seconds each. A new one takes a second.
  workerIdleMemoryLimit: '250MB',
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
  coverageReporters: ['json-summary', 'text-summary'],
  collectCoverageFrom: ['libs/**/*.ts', '!libs/**/*.{spec,contract}.ts', '!libs/**/testing/**'],
};
