import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The version of the product that is running, as its package.json says. */
export const VERSION: string = (
  JSON.parse(readFileSync(findPackageJSON(import.meta.url)!, 'utf8')) as { version: string }
).version;
