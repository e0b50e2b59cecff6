import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Where somebody types, and where they read. */
export interface Desk {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

const TERMINAL: Desk = { input: process.stdin, output: process.stdout };

/** Whether there is a person to ask. */
export const isAsking = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

/** What somebody types. `isSecret`: without showing it. */
export async function ask(question: string, isSecret = false, desk: Desk = TERMINAL): Promise<string> {
  let isMuted = false;
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      if (!isMuted) desk.output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: desk.input, output, terminal: true });
  try {
    const answer = lines.question(`${question} `);
    isMuted = isSecret;
    return (await answer).trim();
  } finally {
    lines.close();
    if (isSecret) desk.output.write('\n');
  }
}

/** No, unless somebody says yes. */
export async function confirm(question: string): Promise<boolean> {
  return isAsking() && /^y(es)?$/i.test(await ask(`${question} [y/N]`));
}
