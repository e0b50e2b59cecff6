import { Command } from 'commander';
import { calibrate, concurrencyIn } from '#identity';
import { readEnvironment } from '#platform';
import { Refused } from '../refused.js';
import { say } from '../say.js';

export function passwordsVerb(): Command {
  const passwords = new Command('passwords').description('Passwords and their hashes.');
  passwords
    .command('calibrate')
    .description('Measure argon2id on this machine and print settings, as lines for an environment file.')
    .option('--target-ms <ms>', 'the longest one hash may take', '100')
    .action(async (options: { targetMs: string }) => {
      const targetMs = Number(options.targetMs);
      if (!(targetMs >= 1 && targetMs <= 10_000)) throw new Refused('--target-ms takes 1 to 10000.');
      const found = await calibrate(targetMs, concurrencyIn(readEnvironment()));
      const perSecond = Math.floor((1_000 / found.milliseconds) * found.concurrency);
      say(
        `# One hash takes ${Math.round(found.milliseconds)} ms here: about ${perSecond} sign-ins a second.`,
      );
      say(`AUTH_ARGON2_MEMORY_KIB=${found.memoryKib}`);
      say(`AUTH_ARGON2_PASSES=${found.passes}`);
      say(`AUTH_ARGON2_LANES=${found.lanes}`);
      say(`AUTH_HASH_CONCURRENCY=${found.concurrency}`);
    });
  return passwords;
}
