import type { INestApplicationContext } from '@nestjs/common';
import { Command } from 'commander';
import {
  ChangeUserStatus,
  ChangeUserStatusInput,
  EmailAddress,
  FindUser,
  ListLoginEvents,
  ListLoginEventsInput,
} from '#identity';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { Refused } from '../refused.js';
import { say } from '../say.js';
import { importUsersCommand } from './users-import.js';

const WHO = 'their id, usr_..., or their address';

/** Operators hear addresses; the rest goes by ids. */
async function idOfUser(product: INestApplicationContext, user: string): Promise<string> {
  if (!user.includes('@')) return user;
  const email = EmailAddress.parse(user);
  const id = await product.get(FindUser, { strict: false }).execute(lookingOperator(), email);
  if (!id) throw new Refused(`Nobody has the address ${email}.`);
  return id;
}

export function usersVerb(): Command {
  const users = new Command('users').description('People.');
  for (const [verb, status, done] of [
    ['suspend', 'suspended', 'is suspended'],
    ['reactivate', 'active', 'is active again'],
  ] as const) {
    users
      .command(verb)
      .argument('<user>', WHO)
      .requiredOption('--reason <why>', 'stands in the audit trail of their organisations')
      .action(async (user: string, options: OperatorOptions) => {
        const actor = operatorOf(options);
        await withProduct(async (product) => {
          const userId = await idOfUser(product, user);
          const input = ChangeUserStatusInput.parse({ userId, status });
          const ended = await product.get(ChangeUserStatus, { strict: false }).execute(actor, input);
          say(`${userId} ${done}; ${ended} sessions ended.`);
        });
      });
  }
  users
    .command('logins')
    .description('Attempts to sign in to an account, those that failed too, the newest first.')
    .argument('<user>', WHO)
    .option('--limit <number>', 'how many; 50 unless given')
    .action(async (user: string, options: { limit?: string }) => {
      await withProduct(async (product) => {
        const userId = await idOfUser(product, user);
        const input = ListLoginEventsInput.parse({ userId, limit: options.limit });
        const rows = await product
          .get(ListLoginEvents, { strict: false })
          .forOperator(lookingOperator(), input);
        for (const { occurredAt, method, outcome, ...rest } of rows) {
          const from = [rest.address, rest.place, rest.browser, rest.system, rest.sessionId].filter(Boolean);
          say(`${occurredAt.toISOString()} ${outcome} ${method} ${from.join(' ')}`);
        }
        if (rows.length === 0) say('None.');
      });
    });
  users.addCommand(importUsersCommand());
  return users;
}
