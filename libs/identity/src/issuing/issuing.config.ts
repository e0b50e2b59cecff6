import { z } from 'zod';
import { configOf, secret, setting } from '#platform';
import { isPrivate, KeysConfig, vaultUrl } from '../keys/keys.config.js';

/** Whose signature makes service accounts without a person. For the API and the command line. */
export class IssuingConfig extends configOf(
  'issuing',
  {
    vaultKey: setting(
      'AUTH_ISSUE_VAULT_KEY',
      z
        .string()
        .regex(/^[\w-]{1,100}$/, 'must be up to 100 letters, digits, - and _')
        .optional(),
      'The Transit key of Vault that signs requests for service accounts; none are taken unless set.',
    ),
    ownVaultAddress: setting(
      'AUTH_ISSUE_VAULT_ADDR',
      vaultUrl().optional(),
      'The Vault that has that key; AUTH_VAULT_ADDR unless given.',
    ),
    ownVaultToken: secret(
      'AUTH_ISSUE_VAULT_TOKEN',
      z.string().min(1).optional(),
      'The token for that Vault, which needs transit/verify only; AUTH_VAULT_TOKEN unless given.',
    ),
    keyFile: setting(
      'AUTH_ISSUE_KEY_PATH',
      z.string().min(1).optional(),
      'Instead, for developers: a file with an Ed25519 private key in PEM. Refused in production and staging.',
    ),
    vaultAddress: KeysConfig.settings.vaultAddress,
    vaultToken: KeysConfig.settings.vaultToken,
    vaultNamespace: KeysConfig.settings.vaultNamespace,
    vaultMount: KeysConfig.settings.vaultMount,
  },
  (values, env) => {
    const { vaultKey, keyFile } = values;
    const address = values.ownVaultAddress ?? values.vaultAddress;
    return [
      ...(keyFile && (env === 'production' || env === 'staging')
        ? ['AUTH_ISSUE_KEY_PATH: a key in a file is for developers; it is refused here.']
        : []),
      ...(keyFile && vaultKey
        ? ['AUTH_ISSUE_KEY_PATH: there is one signer, and AUTH_ISSUE_VAULT_KEY names another.']
        : []),
      ...(vaultKey && !address
        ? ['AUTH_ISSUE_VAULT_KEY: it needs AUTH_ISSUE_VAULT_ADDR or AUTH_VAULT_ADDR.']
        : []),
      ...(env === 'production' && values.ownVaultAddress && !isPrivate(values.ownVaultAddress)
        ? ['AUTH_ISSUE_VAULT_ADDR: production needs https, or a Vault Agent on this machine.']
        : []),
    ];
  },
) {}
