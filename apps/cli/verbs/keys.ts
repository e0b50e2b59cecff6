import { Command, Option } from 'commander';
import { ALGORITHMS, KeyMaker, RotateKeys, SigningKeys } from '#identity';
import { operatorName, withProduct } from '../operator-context.js';
import { say } from '../say.js';

interface GenerateOptions {
  algorithm?: (typeof ALGORITHMS)[number];
}

interface MoveOptions {
  now?: true;
  reason?: string;
}

const REASON = ['--reason <why>', 'stands in keys history, with who and when'] as const;
/** Rotations take turns for months; more is nothing that anybody reads. */
const HISTORY = 100;

export function keysVerb(): Command {
  const keys = new Command('keys').description('The keys that sign access tokens.');
  keys.command('list').description('Every key, its state and since when, the oldest first.').action(list);
  keys.command('history').description('Who moved which key, when and why, the newest first.').action(history);
  keys
    .command('generate')
    .description('Make the next key: published at once, signing after a rotation.')
    .addOption(new Option('--algorithm <name>', 'else as AUTH_SIGNING_ALGORITHM says').choices(ALGORITHMS))
    .action(generate);
  keys
    .command('rotate')
    .description('Let the next key sign. What the last one signed holds until it expires.')
    .option('--now', 'also while caches of the JWKS may not have the next key')
    .option(...REASON)
    .action(rotate);
  keys
    .command('revoke')
    .argument('<kid>', 'as keys list names it')
    .description('Refuse everything that a key has signed, at once; for a key that others may have.')
    .option(...REASON)
    // A kid is base64url: one in 64 begins like an option.
    .allowUnknownOption()
    .action(revoke);
  return keys;
}

async function list(): Promise<void> {
  await withProduct(async (product) => {
    for (const key of await product.get(SigningKeys, { strict: false }).all()) {
      const { kid, state, algorithm, store, createdAt, activatedAt, retiringAt, retiredAt } = key;
      const at = retiredAt ?? retiringAt ?? activatedAt ?? createdAt;
      say(`${kid} ${state} ${algorithm} ${store} since ${at.toISOString()}`);
    }
  });
}

async function generate({ algorithm }: GenerateOptions): Promise<void> {
  await withProduct(async (product) => {
    const kid = await product.get(KeyMaker, { strict: false }).next(algorithm);
    say(`${kid} is the next key.`);
  });
}

async function history(): Promise<void> {
  await withProduct(async (product) => {
    for (const move of await product.get(SigningKeys, { strict: false }).moves(HISTORY)) {
      const { at, kid, state, operator, reason } = move;
      const by = operator === null ? 'by itself' : `by ${operator}`;
      say(`${at.toISOString()} ${kid} ${state} ${by}${reason ? `: ${reason}` : ''}`);
    }
  });
}

const moverOf = ({ reason }: MoveOptions) => ({ operator: operatorName(), reason: reason ?? null });

async function rotate(options: MoveOptions): Promise<void> {
  await withProduct(async (product) => {
    const { active, retiring } = await product
      .get(RotateKeys, { strict: false })
      .execute({ atOnce: options.now === true, by: moverOf(options) });
    say(`${active} is active.`);
    if (retiring) say(`${retiring} is retiring: its tokens hold until they expire.`);
  });
}

async function revoke(kid: string, options: MoveOptions): Promise<void> {
  await withProduct((product) => product.get(RotateKeys, { strict: false }).revoke(kid, moverOf(options)));
  say(`${kid} is revoked: within seconds nothing that it signed is accepted.`);
}
