import { Command } from 'commander';
import { Jwks } from '#identity';
import { withProduct } from '../operator-context.js';
import { say } from '../say.js';

export function jwksVerb(): Command {
  const jwks = new Command('jwks').description('The public keys that access tokens are signed with.');
  jwks
    .command('print')
    .description('Print what /.well-known/jwks.json answers.')
    .action(() => withProduct(async (product) => say(product.get(Jwks, { strict: false }).current.body)));
  return jwks;
}
