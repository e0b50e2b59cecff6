import { Command } from 'commander';
import {
  ApiKeyParams,
  ApiKeysPage,
  ChangeServiceAccount,
  ChangeServiceAccountInput,
  CreateApiKeyInput,
  CreateServiceAccount,
  CreateServiceAccountInput,
  ManageApiKeys,
  ReadServiceAccounts,
  RotateApiKeyInput,
  ServiceAccountParams,
  ServiceAccountsPage,
} from '#identity';
import type { Actor } from '#platform';
import { counting, instant } from '../arguments.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say, sayEnd } from '../say.js';
import { issueCommand, scopeList, signCommand } from './service-accounts-issue.js';

interface TenantOptions {
  tenant: string;
}
interface PageOptions extends TenantOptions {
  limit?: number;
  cursor?: string;
}
interface KeyOptions extends TenantOptions, OperatorOptions {
  name: string;
  scopes?: string[];
  expires?: Date | null;
  overlap?: number;
}

export function serviceAccountsVerb(): Command {
  const verb = new Command('service-accounts').description(
    'Programs that act for a tenant, and their API keys.',
  );
  addReading(verb);
  addChanging(verb);
  addKeys(verb);
  verb.addCommand(signCommand());
  verb.addCommand(issueCommand());
  return verb;
}

const ofTenant = (command: Command) => command.requiredOption('--tenant <tenant>', 'its id, ten_...');
const withReason = (command: Command) =>
  ofTenant(command).requiredOption('--reason <why>', 'stands in the audit trail');
const paged = (command: Command) =>
  ofTenant(command)
    .option('--limit <number>', 'how many, 100 at most', counting)
    .option('--cursor <cursor>', 'go on where a page ended');
const looking = (tenantId: string): Actor => lookingOperator().as({ tenantId });
const acting = (options: TenantOptions & OperatorOptions): Actor =>
  operatorOf(options).as({ tenantId: options.tenant });

function addReading(verb: Command): void {
  paged(verb.command('list').description('One line each, the newest first.')).action(
    ({ tenant, ...page }: PageOptions) =>
      withProduct(async (product) => {
        const input = ServiceAccountsPage.parse(page);
        const accounts = await product
          .get(ReadServiceAccounts, { strict: false })
          .page(looking(tenant), input);
        for (const { id, name, status, scopes, lastUsedAt } of accounts.data)
          say(`${id} ${status} used ${lastUsedAt?.toISOString() ?? 'never'} ${name}: ${scopes.join(' ')}`);
        sayEnd(accounts);
      }),
  );
  paged(
    verb
      .command('keys')
      .description('The API keys of one, the newest first.')
      .argument('<account>', 'svc_...'),
  ).action((id: string, { tenant, ...page }: PageOptions) =>
    withProduct(async (product) => {
      const { serviceAccountId } = ServiceAccountParams.parse({ serviceAccountId: id });
      const keys = await product
        .get(ReadServiceAccounts, { strict: false })
        .keys(looking(tenant), serviceAccountId, ApiKeysPage.parse(page));
      for (const key of keys.data) {
        const ends = key.expiresAt?.toISOString() ?? 'never';
        const used = key.lastUsedAt?.toISOString() ?? 'never';
        say(`${key.id} ...${key.hint} ${key.status} ends ${ends} used ${used} ${key.name}`);
      }
      sayEnd(keys);
    }),
  );
}

function addChanging(verb: Command): void {
  withReason(verb.command('create').argument('<name>', 'as people read it'))
    .requiredOption('--scopes <scopes>', 'like audit:read,licenses:read', scopeList)
    .action((name: string, options: TenantOptions & OperatorOptions & { scopes: string[] }) =>
      withProduct(async (product) => {
        const input = CreateServiceAccountInput.parse({ name, scopes: options.scopes });
        const { id } = await product
          .get(CreateServiceAccount, { strict: false })
          .execute(acting(options), input);
        say(id);
      }),
    );
  withReason(verb.command('change').argument('<account>', 'svc_...'))
    .option('--name <name>', 'as people read it')
    .option('--scopes <scopes>', 'all that it has from now on', scopeList)
    .action((id: string, options: TenantOptions & OperatorOptions & { name?: string; scopes?: string[] }) =>
      withProduct(async (product) => {
        const { name, scopes } = options;
        const { serviceAccountId } = ServiceAccountParams.parse({ serviceAccountId: id });
        const input = ChangeServiceAccountInput.parse({ name, scopes });
        await product
          .get(ChangeServiceAccount, { strict: false })
          .execute(acting(options), serviceAccountId, input);
        say(`${id} is changed.`);
      }),
    );
  for (const [name, done] of [
    ['disable', 'is disabled: its keys and access tokens are refused within two seconds'],
    ['enable', 'is enabled'],
    ['delete', 'is deleted'],
  ] as const) {
    withReason(verb.command(name).argument('<account>', 'svc_...')).action(
      (id: string, options: TenantOptions & OperatorOptions) =>
        withProduct(async (product) => {
          const { serviceAccountId } = ServiceAccountParams.parse({ serviceAccountId: id });
          await product.get(ChangeServiceAccount, { strict: false })[name](acting(options), serviceAccountId);
          say(`${id} ${done}.`);
        }),
    );
  }
}

function addKeys(verb: Command): void {
  withReason(
    verb.command('create-key').argument('<account>', 'svc_...').description('Prints a key, this once.'),
  )
    .requiredOption('--name <name>', 'as people read it')
    .option('--scopes <scopes>', 'fewer than the account has', scopeList)
    .option('--expires <date>', 'when it ends, or never', instant)
    .action((id: string, options: KeyOptions) =>
      withProduct(async (product) => {
        const { name, scopes, expires } = options;
        const { serviceAccountId } = ServiceAccountParams.parse({ serviceAccountId: id });
        const input = CreateApiKeyInput.parse({ name, scopes, expiresAt: expires && expires.toISOString() });
        const { key, text } = await product
          .get(ManageApiKeys, { strict: false })
          .create(acting(options), serviceAccountId, input);
        say(`${key.id} ${text}`);
      }),
    );
  withReason(
    verb
      .command('rotate-key')
      .arguments('<account> <key>')
      .description('Prints a key that takes the place of another, this once.'),
  )
    .option('--overlap <seconds>', 'how long the old one works on; a day unless given', Number)
    .action((serviceAccountId: string, keyId: string, options: KeyOptions) =>
      withProduct(async (product) => {
        const params = ApiKeyParams.parse({ serviceAccountId, keyId });
        const input = RotateApiKeyInput.parse({ overlapSeconds: options.overlap });
        const { key, text, old } = await product
          .get(ManageApiKeys, { strict: false })
          .rotate(acting(options), params, input);
        say(`${key.id} ${text}`);
        say(`${keyId} works until ${old.expiresAt?.toISOString()}.`);
      }),
    );
  withReason(verb.command('revoke-key').arguments('<account> <key>')).action(
    (serviceAccountId: string, keyId: string, options: TenantOptions & OperatorOptions) =>
      withProduct(async (product) => {
        const params = ApiKeyParams.parse({ serviceAccountId, keyId });
        await product.get(ManageApiKeys, { strict: false }).revoke(acting(options), params);
        say(`${keyId} is revoked: within two seconds every process refuses it.`);
      }),
  );
}
