/** What the programs of this directory end with; sysexits.h where it has a word. `run` ends as its command did. */
export const EXIT = {
  ok: 0,
  /** EX_USAGE: it was called wrongly. */
  usage: 64,
  /** EX_UNAVAILABLE: the server cannot be reached, and nothing kept here helps. */
  unavailable: 69,
  /** EX_SOFTWARE: a fault of ours. */
  fault: 70,
  /** EX_IOERR: a file could not be read or written. */
  file: 74,
  /** EX_NOPERM: the licence does not allow it, the server or a person refused it, or nobody is signed in. */
  refused: 77,
  /** As shells say it: the command could not be run, was not found, or ended by signal n. */
  notExecutable: 126,
  notFound: 127,
  signal: 128,
} as const;

/** Ends the program with a sentence for whoever called it. */
export class Refusal extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}
