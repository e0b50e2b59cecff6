import { join } from 'node:path';
import { tier } from '../../jest.config.mjs';

/** The long fault drills, run by `npm run drill` and never by `npm test`. */
export default {
  ...tier('drill', ['<rootDir>/test/load/**/*.drill.ts'], 900_000),
  rootDir: join(import.meta.dirname, '../..'),
  maxWorkers: 1,
};
