import { generateSync } from 'otplib';
import { roomIn } from './patience.js';

const STEP_MS = 30_000;
/** What a busy machine may take from making a code to checking it. */
const ON_ITS_WAY_MS = 5_000;

/** What an authenticator shows, `steps` of 30 s from now; one to either side counts, each once. */
export const codeOf = (secret: string, steps = 0): string =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) + steps * 30 });

/** What it showed in the step before this one: that counts until this one ends. */
export async function lastCodeOf(secret: string): Promise<string> {
  await roomIn(STEP_MS, ON_ITS_WAY_MS);
  return codeOf(secret, -1);
}
