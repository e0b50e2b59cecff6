import { Platform1764000000001 } from './1764000000001-platform.js';

/** The one ordered line of migrations. */
export const MIGRATIONS = [Platform1764000000001];
