import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SealedBox, type SecretsConfig } from '#platform';
import { startVault } from '../../../../test/support/vault.js';
import { FileKeys } from './file-keys.js';
import { keyStoreContract } from './key-store.contract.js';
import { VaultKeys } from './vault-keys.js';

const boxUnder = (key: Buffer) => new SealedBox({ key } as SecretsConfig);

async function filesIn(directory: string) {
  const names = await readdir(directory);
  return Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const));
}

keyStoreContract('of encrypted files', async () => {
  const home = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  const directory = join(home, 'keys');
  const key = randomBytes(32);
  const open = () => new FileKeys(directory, boxUnder(key));
  return {
    store: open(),
    again: open,
    atRest: async () =>
      (await filesIn(directory))
        .map(([, bytes]) => bytes.toString('latin1') + bytes.toString('base64'))
        .join(),
    breakDown: () => rm(directory, { recursive: true }),
    stop: () => rm(home, { recursive: true, force: true }),
  };
});

keyStoreContract('in Vault Transit', async () => {
  const vault = await startVault({ mount: 'team/transit', namespace: 'ops' });
  const open = () =>
    new VaultKeys({
      address: vault.url,
      token: vault.token,
      namespace: 'ops',
      mount: 'team/transit',
      prefix: 'gatehouse',
    });
  return {
    store: open(),
    again: open,
    atRest: async () => vault.requests.join(),
    breakDown: async () => vault.failWith(503),
    stop: () => vault.stop(),
  };
});

describe('encrypted files', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const bytes = Buffer.from('x');
  const refused = { code: 'UNAVAILABLE' };

  it('are for their owner’s eyes only, and whole', async () => {
    const { ref } = await new FileKeys(directory, boxUnder(randomBytes(32))).generate('ES256');
    expect(await readdir(directory)).toEqual([`${ref}.key`]);
    expect((await stat(join(directory, `${ref}.key`))).mode & 0o777).toBe(0o600);
  });

  it('open neither under another SECRETS_KEY, nor under another name, nor changed', async () => {
    const key = randomBytes(32);
    const [one, two] = [
      await new FileKeys(directory, boxUnder(key)).generate('ES256'),
      await new FileKeys(directory, boxUnder(key)).generate('ES256'),
    ];
    const stranger = new FileKeys(directory, boxUnder(randomBytes(32)));
    await expect(stranger.sign(one.ref, 'ES256', bytes)).rejects.toMatchObject(refused);

    const file = join(directory, `${one.ref}.key`);
    const sealed = await readFile(file);
    await writeFile(join(directory, `${two.ref}.key`), sealed);
    await expect(new FileKeys(directory, boxUnder(key)).sign(two.ref, 'ES256', bytes)).rejects.toMatchObject(
      refused,
    );
    sealed[sealed.length - 1]! ^= 1;
    await writeFile(file, sealed);
    await expect(new FileKeys(directory, boxUnder(key)).sign(one.ref, 'ES256', bytes)).rejects.toMatchObject(
      refused,
    );
  });
});

describe('Vault', () => {
  it('is asked at the documented paths, and for what JWS needs', async () => {
    const vault = await startVault();
    const store = new VaultKeys({ address: vault.url, token: vault.token, mount: 'transit', prefix: 'gh' });
    const { ref } = await store.generate('RS256');
    await store.sign(ref, 'RS256', Buffer.from('x'));
    await store.destroy(ref);
    expect(ref).toMatch(/^gh-[0-9a-f]{20}$/);
    expect(vault.requests).toEqual([
      `POST /v1/transit/keys/${ref}`,
      `GET /v1/transit/keys/${ref}`,
      `POST /v1/transit/sign/${ref}/sha2-256`,
      `POST /v1/transit/keys/${ref}/config`,
      `DELETE /v1/transit/keys/${ref}`,
    ]);
    expect(vault.keys()).toEqual([]);
    await vault.stop();
  });

  it('that does not know the token makes no key', async () => {
    const vault = await startVault();
    const store = new VaultKeys({ address: vault.url, token: 'hvs.other', mount: 'transit', prefix: 'gh' });
    await expect(store.generate('RS256')).rejects.toMatchObject({ status: 503 });
    await vault.stop();
    await expect(store.generate('RS256')).rejects.toMatchObject({ status: 503 });
  });
});
