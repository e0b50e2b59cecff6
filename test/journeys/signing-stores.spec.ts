import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { call, type RegisteredBody, signUp, succeed } from '../support/person.js';
import { startProduct } from '../support/product.js';
import { startVault } from '../support/vault.js';

interface Jwks {
  keys: { kid: string; alg: string; kty: string; crv?: string }[];
}

interface Header {
  alg: string;
  kid: string;
}

/** A store of signing keys, as an installation without AUTH_SIGNING_KEY has it. */
interface Store {
  settings: Record<string, string>;
  /** How many keys are in it. */
  size(): number;
  drop(): void | Promise<void>;
}

function files(): Promise<Store> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'));
  return Promise.resolve({
    settings: { AUTH_KEYS_DIR: directory },
    size: () => readdirSync(directory).length,
    drop: () => rmSync(directory, { recursive: true, force: true }),
  });
}

async function vault(): Promise<Store> {
  const server = await startVault();
  return {
    settings: { AUTH_VAULT_ADDR: server.url.href, AUTH_VAULT_TOKEN: server.token },
    size: () => server.keys().length,
    drop: () => server.stop(),
  };
}

const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Header;

/** Commands are processes of their own, on a machine that may be busy with other tests. */
const PATIENCE_MS = 240_000;

describe('a product whose keys are all in a store', () => {
  it.each([
    ['ES256', 'files', files, { kty: 'EC', crv: 'P-256' }],
    ['EdDSA', 'Vault', vault, { kty: 'OKP', crv: 'Ed25519' }],
  ] as const)(
    'signs with %s from %s, publishes it, and rotates with nobody thrown out',
    async (alg, _where, open, form) => {
      const store = await open();
      const product = await startProduct({
        AUTH_SIGNING_KEY: '',
        AUTH_SIGNING_ALGORITHM: alg,
        ...store.settings,
      });
      try {
        const jwks = () => succeed<Jwks>(`${product.api.url}/.well-known/jwks.json`);
        const works = async (token: string) => {
          const { kid, ...rest } = headerOf(token);
          expect(rest).toEqual({ alg, typ: 'at+jwt' });
          expect((await jwks()).keys).toContainEqual(expect.objectContaining({ kid, alg, ...form }));
          expect((await call(`${product.api.url}/api/v1/auth/me`, { bearer: token })).status).toBe(200);
        };
        const person = await signUp(product.api.url);
        await works(person.access_token);

        // The API makes the next key by itself, in the store.
        await eventually(async () => expect((await jwks()).keys).toHaveLength(2));
        const before = store.size();
        await product.admin('keys', 'rotate', '--now');
        let refreshToken = person.refresh_token;
        const renewed = await eventually(async () => {
          const next = await succeed<RegisteredBody>(`${product.api.url}/api/v1/auth/refresh`, {
            body: { refresh_token: refreshToken },
          });
          refreshToken = next.refresh_token;
          expect(headerOf(next.access_token).kid).not.toBe(headerOf(person.access_token).kid);
          return next;
        });
        await works(renewed.access_token);
        await works(person.access_token);
        await eventually(() => expect(store.size()).toBeGreaterThan(before));
      } finally {
        await product.stop();
        await store.drop();
      }
    },
    PATIENCE_MS,
  );
});
