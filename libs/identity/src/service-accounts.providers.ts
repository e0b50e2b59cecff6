import { RuntimeConfig } from '#platform';
import { ServiceBearers } from './http/service-bearers.js';
import { FileSigner } from './issuing/file-signer.js';
import { IssuingConfig } from './issuing/issuing.config.js';
import { RequestSigner } from './issuing/request-signer.js';
import { VaultSigner } from './issuing/vault-signer.js';
import { Nonces } from './nonces/nonces.js';
import { ClientAssertions } from './oauth/client-assertion.js';
import { ClientAuthentication } from './oauth/client-authentication.js';
import { ClientCredentials } from './oauth/client-credentials.js';
import { CodeGrant } from './oauth/code-grant.js';
import { DeviceGrant } from './oauth/device-grant.js';
import { ExchangeGrant } from './oauth/exchange-grant.js';
import { RefreshGrant } from './oauth/refresh-grant.js';
import { ServiceAccounts } from './persistence/service-accounts.js';
import { ServiceCredentials } from './persistence/service-credentials.js';
import { ApiKeys } from './service-accounts/api-keys.js';
import { Makers } from './service-accounts/makers.js';
import { MintApiKey } from './service-accounts/mint-api-key.js';
import { ServiceActivity } from './service-accounts/service-activity.js';
import { ServiceEpochs } from './tokens/epochs.js';
import { Standings } from './service-accounts/service-standing.js';
import { AnswerTokenRequest } from './use-cases/answer-token-request.js';
import { ChangeServiceAccount } from './use-cases/change-service-account.js';
import { CreateServiceAccount } from './use-cases/create-service-account.js';
import { IssueServiceAccount } from './use-cases/issue-service-account.js';
import { ManageApiKeys } from './use-cases/manage-api-keys.js';
import { ReadServiceAccounts } from './use-cases/read-service-accounts.js';

/** Programs: their accounts, keys and tokens. */
export const SERVICE_ACCOUNTS = [
  ServiceAccounts,
  ServiceCredentials,
  Standings,
  ServiceEpochs,
  ServiceActivity,
  ApiKeys,
  Makers,
  MintApiKey,
  Nonces,
  { provide: RequestSigner, useFactory: openSigner, inject: [IssuingConfig, RuntimeConfig] },
  CreateServiceAccount,
  ChangeServiceAccount,
  ReadServiceAccounts,
  ManageApiKeys,
  IssueServiceAccount,
  ServiceBearers,
  ClientAssertions,
  ClientAuthentication,
  ClientCredentials,
  CodeGrant,
  DeviceGrant,
  RefreshGrant,
  ExchangeGrant,
  AnswerTokenRequest,
];

/** Whose signature makes service accounts; null where nobody's does. */
function openSigner(config: IssuingConfig, runtime: RuntimeConfig): RequestSigner | null {
  if (config.keyFile) return new FileSigner(config.keyFile, runtime.env);
  const address = config.ownVaultAddress ?? config.vaultAddress;
  if (!config.vaultKey || !address) return null;
  const token = config.ownVaultToken ?? config.vaultToken;
  const { vaultNamespace: namespace, vaultMount: mount } = config;
  return new VaultSigner({ address, token, namespace, mount }, config.vaultKey);
}
