import type { Said } from './settings.js';

/** What a verb gets: what the caller said, and what is left of the arguments. */
export interface Call {
  said: Said;
  /** The state directory. */
  directory: string;
  positionals: readonly string[];
  values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  /** After `--`; null: there was none. */
  command: readonly string[] | null;
}

/** One file a verb: its name, what it takes, and what it does. */
export interface Verb {
  name: string;
  /** For the list of verbs. */
  summary: string;
  /** The rest of the help. */
  help: string;
  options: Readonly<Record<string, { type: 'string' | 'boolean' }>>;
  maxPositionals: number;
  takesCommand?: boolean;
  /** Gives the exit code; throws Refusal. */
  run(call: Call): Promise<number>;
}
