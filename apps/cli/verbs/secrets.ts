import { Command } from 'commander';
import { generateSecrets } from '#platform';
import { say } from '../say.js';

export function secretsVerb(): Command {
  const secrets = new Command('secrets').description('Secrets of the product.');
  secrets
    .command('generate')
    .description('Print new random values for every secret, as lines for an environment file.')
    .action(() => {
      for (const [name, value] of Object.entries(generateSecrets())) say(`${name}=${value}`);
    });
  return secrets;
}
