import { join } from 'node:path';
import { tier } from '../../jest.config.mjs';

/** The long fault drills, and hostile input with other seeds: run by `npm run drill` and never by `npm test`. */
export default {
  ...tier('drill', ['<rootDir>/test/load/**/*.drill.ts', '<rootDir>/test/journeys/hostile-input.spec.ts']),
  setupFiles: ['<rootDir>/test/load/fresh-seed.ts'],
  rootDir: join(import.meta.dirname, '../..'),
  testTimeout: 900_000,
  maxWorkers: 1,
};
