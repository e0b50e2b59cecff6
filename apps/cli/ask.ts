import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Whether there is a person to ask. */
export const isAsking = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

/** What somebody types. `isSecret`: without showing it. */
export async function ask(question: string, isSecret = false): Promise<string> {
  let isMuted = false;
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      if (!isMuted) process.stdout.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const answer = lines.question(`${question} `);
    isMuted = isSecret;
    return (await answer).trim();
  } finally {
    lines.close();
    if (isSecret) process.stdout.write('\n');
  }
}

/** No, unless somebody says yes. */
export async function confirm(question: string): Promise<boolean> {
  return isAsking() && /^y(es)?$/i.test(await ask(`${question} [y/N]`));
}
