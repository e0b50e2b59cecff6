import { generateSync } from 'otplib';

/** What an authenticator shows, `steps` of 30 s from now; one to either side counts, each once. */
export const codeOf = (secret: string, steps = 0): string =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) + steps * 30 });
