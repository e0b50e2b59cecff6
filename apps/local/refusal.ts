/** An ending whose message is the whole explanation: one or two sentences for a person, no stack. */
export class Refusal extends Error {
  override name = 'Refusal';
}

const SYSTEM_SENTENCES: Record<string, string> = {
  ENOSPC: 'The disk is full: free some space and run the command again. What was already installed stays.',
  EDQUOT: 'The disk quota is used up: free some space and run the command again.',
  EROFS: 'The disk is read-only here: Gatehouse keeps its local data in .gatehouse and its build in dist.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n) and run the command again.',
  ENOMEM: 'There is not enough memory to start a process.',
};

/**
 * What to print for a failure: a sentence where we know the cause (`Stop` is the launcher's name for a Refusal), else
 * the stack, which is then a bug of ours.
 */
export function sentenceFor(error: unknown): string {
  if (error instanceof Refusal || (error instanceof Error && error.name === 'Stop')) return error.message;
  const { code, path, stack } = error as NodeJS.ErrnoException;
  const known = code && SYSTEM_SENTENCES[code];
  if (known) return known;
  if ((code === 'EACCES' || code === 'EPERM') && path) {
    return `${path} may not be written by this user: it was probably made by another one (sudo?). Remove it or give it back, then try again.`;
  }
  return stack ?? String(error);
}

/** The same for what a part printed before it died: the parts are not ours, so their causes are read from their words. */
export function causeInOutput(output: string): string | undefined {
  if (/No space left on device|ENOSPC/.test(output)) return SYSTEM_SENTENCES.ENOSPC;
  if (/Disk quota exceeded|EDQUOT/.test(output)) return SYSTEM_SENTENCES.EDQUOT;
  return undefined;
}

/** Runs a verb's main function; whatever it throws becomes a sentence and exit code 1. */
export async function runVerb(main: () => Promise<number | void>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${sentenceFor(error)}\n`);
    process.exitCode = 1;
  }
}
