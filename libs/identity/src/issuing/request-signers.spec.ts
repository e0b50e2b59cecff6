import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '#platform';
import { startVault, type VaultServer } from '../../../../test/support/vault.js';
import { FileSigner } from './file-signer.js';
import { IssuingConfig } from './issuing.config.js';
import { requestSignerContract } from './request-signer.contract.js';
import { VaultSigner } from './vault-signer.js';

async function keyFile(home: string, name: string, type: 'ed25519' | 'x25519' = 'ed25519'): Promise<string> {
  const { privateKey } = generateKeyPairSync(type as 'ed25519');
  const file = join(home, name);
  await writeFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return file;
}

async function makeKey(vault: VaultServer, name: string, type: string): Promise<void> {
  await fetch(new URL(`/v1/transit/keys/${name}`, vault.url), {
    method: 'POST',
    headers: { 'x-vault-token': vault.token, 'x-vault-request': 'true' },
    body: JSON.stringify({ type }),
  });
}

requestSignerContract('of a file', async () => {
  const home = await mkdtemp(join(tmpdir(), 'gatehouse-signer-'));
  const signer = new FileSigner(await keyFile(home, 'one.pem'), 'local');
  const other = new FileSigner(await keyFile(home, 'other.pem'), 'test');
  return { signer, other, stop: () => rm(home, { recursive: true }) };
});

describe.each(['ed25519', 'ecdsa-p256', 'rsa-2048'])('with a Vault key of type %s', (type) => {
  requestSignerContract('of Vault', async () => {
    const vault = await startVault();
    await makeKey(vault, 'issue', type);
    await makeKey(vault, 'other', type);
    const settings = { address: vault.url, token: vault.token, mount: 'transit' };
    return {
      signer: new VaultSigner(settings, 'issue'),
      other: new VaultSigner(settings, 'other'),
      stop: () => vault.stop(),
    };
  });
});

describe('the signer of Vault', () => {
  it('says 503 while Vault is away, sealed, refuses us or has no such key: nobody can tell', async () => {
    const vault = await startVault();
    await makeKey(vault, 'issue', 'ed25519');
    const settings = { address: vault.url, token: vault.token, mount: 'transit' };
    const signer = new VaultSigner(settings, 'issue');
    const signature = await signer.sign(Buffer.from('x'));
    const ask = (by: VaultSigner) => by.verify(Buffer.from('x'), signature);
    const unavailable = { status: 503, code: 'UNAVAILABLE' };

    vault.failWith(503);
    await expect(ask(signer)).rejects.toMatchObject(unavailable);
    vault.failWith(null);
    await expect(ask(new VaultSigner({ ...settings, token: 'hvs.other' }, 'issue'))).rejects.toMatchObject(
      unavailable,
    );
    await expect(ask(new VaultSigner(settings, 'missing'))).rejects.toMatchObject(unavailable);
    await expect(new VaultSigner(settings, 'missing').sign(Buffer.from('x'))).rejects.toMatchObject(
      unavailable,
    );
    await vault.stop();
    await expect(ask(signer)).rejects.toMatchObject(unavailable);
  });
});

describe('the signer of a file', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'gatehouse-signer-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  it.each(['production', 'staging'] as const)(
    'does not begin in %s, by its setting or without',
    async (env) => {
      const file = await keyFile(home, 'key.pem');
      expect(() => new FileSigner(file, env)).toThrow(ConfigError);
      const variables = new Map([
        ['ENV', env],
        ['AUTH_ISSUE_KEY_PATH', file],
      ]);
      const environment = { get: (name: string) => variables.get(name), names: () => variables.keys() };
      expect(() => loadConfig([IssuingConfig], environment)).toThrow(
        'AUTH_ISSUE_KEY_PATH: a key in a file is for developers; it is refused here.',
      );
      variables.set('ENV', 'local');
      expect(loadConfig([IssuingConfig], environment).of(IssuingConfig).keyFile).toBe(file);
    },
  );

  it('says what is wrong with its file', async () => {
    for (const file of [join(home, 'missing.pem'), await keyFile(home, 'x.pem', 'x25519')])
      expect(() => new FileSigner(file, 'local')).toThrow(`${file} is no Ed25519 private key in PEM`);
  });
});

describe('the settings of issuing', () => {
  const faultsOf = (set: Record<string, string>) => {
    const variables = new Map(Object.entries({ ENV: 'production', ...set }));
    try {
      loadConfig([IssuingConfig], { get: (name) => variables.get(name), names: () => variables.keys() });
      return [];
    } catch (error) {
      return (error as ConfigError).faults;
    }
  };

  it('name one signer, with a Vault that is reached safely', () => {
    const key = { AUTH_ISSUE_VAULT_KEY: 'issue' };
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ ...key, AUTH_VAULT_ADDR: 'https://vault.example.com' })).toEqual([]);
    expect(faultsOf({ ...key, AUTH_ISSUE_VAULT_ADDR: 'http://127.0.0.1:8100' })).toEqual([]);
    expect(faultsOf(key)).toEqual([expect.stringContaining('it needs AUTH_ISSUE_VAULT_ADDR')]);
    expect(faultsOf({ ...key, AUTH_ISSUE_VAULT_ADDR: 'http://vault.example.com' })).toEqual([
      'AUTH_ISSUE_VAULT_ADDR: production needs https, or a Vault Agent on this machine.',
    ]);
    expect(
      faultsOf({ ENV: 'local', ...key, AUTH_VAULT_ADDR: 'https://v', AUTH_ISSUE_KEY_PATH: 'x' }),
    ).toEqual([expect.stringContaining('there is one signer')]);
  });
});
