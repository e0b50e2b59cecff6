import { createInterface } from 'node:readline/promises';

/** Whether a person can be asked. */
export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

/** What a person types; null: nothing, or they pressed Ctrl-C or Ctrl-D. */
export async function ask(question: string): Promise<string | null> {
  const line = createInterface({ input: process.stdin, output: process.stdout });
  const closed = new Promise<null>((resolve) => line.once('close', () => resolve(null)));
  line.once('SIGINT', () => line.close());
  try {
    const typed = await Promise.race([line.question(question), closed]);
    if (typed === null) process.stdout.write('\n');
    return typed?.trim() || null;
  } catch {
    return null;
  } finally {
    line.close();
  }
}
