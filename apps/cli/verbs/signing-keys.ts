import { Command } from 'commander';
import {
  announceKey,
  compromiseKey,
  type ConfiguredKey,
  forgetKey,
  LeasesConfig,
  rotateKeys,
  RotationRefused,
  writeSigningKeys,
} from '#licensing';
import { loadConfig, readEnvironment, SystemClock } from '#platform';
import { Refused } from '../refused.js';
import { say } from '../say.js';

/** Prints the next value of the setting; whoever keeps the secrets puts it in place and restarts the API. */
export function signingKeysVerb(): Command {
  const verb = new Command('signing-keys').description(
    'The keys of leases and signed answers: print the next LICENSE_SIGNING_KEYS.',
  );
  verb
    .command('list')
    .description('The keys as they are, without their secrets.')
    .action(() => {
      for (const key of configured())
        say(`${key.kid}  ${key.status.padEnd(11)} since ${key.since.toISOString()}`);
    });
  verb
    .command('announce')
    .description('Publish a next key, weeks before it signs: clients that are seldom online learn it.')
    .action(() => print(announceKey));
  verb
    .command('rotate')
    .description('The next key, or a new one, signs; the one that signed retires and stays believed.')
    .action(() => print(rotateKeys));
  verb
    .command('compromise')
    .argument('<kid>')
    .description('A key is known to others: what it signed is believed no more.')
    .action((kid: string) => print((keys, now) => compromiseKey(keys, kid, now)));
  verb
    .command('forget')
    .argument('<kid>')
    .description('Leave out a key that retired so long ago that nothing it signed is in use.')
    .action((kid: string) => print((keys) => forgetKey(keys, kid)));
  return verb;
}

const configured = () => loadConfig([LeasesConfig], readEnvironment()).of(LeasesConfig).signingKeys;

function print(change: (keys: readonly ConfiguredKey[], now: Date) => ConfiguredKey[]): void {
  try {
    say(`LICENSE_SIGNING_KEYS=${writeSigningKeys(change(configured(), new SystemClock().now()))}`);
  } catch (error) {
    throw error instanceof RotationRefused ? new Refused(error.message) : error;
  }
}
