import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeysConfig } from '#identity';
import { WORKER_CONCERNS } from '../../apps/worker/worker.module.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { call, kidOf, type RegisteredBody, signUp, succeed } from '../support/person.js';
import type { ProductProcess } from '../support/product.js';

interface Jwks {
  keys: { kid: string; alg: string; kty: string }[];
}

const product = journeyProduct({ AUTH_KEYS_DIR: mkdtempSync(join(tmpdir(), 'gatehouse-keys-')) });
let other: ProductProcess;

beforeAll(async () => {
  other = await product.startApi();
});

const me = (api: ProductProcess, bearer: string) => call(`${api.url}/api/v1/auth/me`, { bearer });
const jwks = (api: ProductProcess, headers: Record<string, string> = {}) =>
  fetch(`${api.url}/.well-known/jwks.json`, { headers });
/** `state` of each key that is published, by kid. */
async function states(): Promise<Record<string, string>> {
  const rows = await product.query<{ kid: string; state: string }>(
    `select kid, state from identity.signing_keys where state <> 'retired' order by created_at`,
  );
  return Object.fromEntries(rows.map(({ kid, state }) => [kid, state]));
}
/** The API makes the next key by itself. */
const haveNext = () => eventually(async () => expect(Object.values(await states())).toContain('next'));

describe('rotating the signing keys (C12, S2-15)', () => {
  it('throws nobody out, whichever process signed and whichever is asked', async () => {
    const person = await signUp(product.api.url);
    const apis = [product.api, other];
    const tokens = [person.access_token];
    const refused: number[] = [];
    let reading = true;
    const read = async () => {
      while (reading) {
        for (const token of tokens) {
          for (const api of apis) {
            const { status } = await me(api, token);
            if (status !== 200) refused.push(status);
          }
        }
      }
    };
    const rotate = async () => {
      let refreshToken = person.refresh_token;
      for (const [signer, reader] of [apis, apis.toReversed()] as [ProductProcess, ProductProcess][]) {
        await haveNext();
        await product.admin('keys', 'rotate', '--now');
        // Refreshed until the new key signs; what it signs is read at once by the process that did not sign.
        await eventually(async () => {
          const body = { refresh_token: refreshToken };
          const next = await succeed<RegisteredBody>(`${signer.url}/api/v1/auth/refresh`, { body });
          refreshToken = next.refresh_token;
          expect((await me(reader, next.access_token)).status).toBe(200);
          if (tokens.map(kidOf).includes(kidOf(next.access_token))) return false;
          tokens.push(next.access_token);
          return true;
        });
      }
    };
    await Promise.all([read(), rotate().finally(() => (reading = false))]);
    expect(refused).toEqual([]);
    expect(new Set(tokens.map(kidOf)).size).toBe(3);
    expect(await product.admin('keys', 'list')).toMatch(
      /^\S{43} retiring RS256 setting since \S+\n\S{43} retiring RS256 file since/,
    );
  });

  it('is refused while caches may not have the next key, and revoking ends a key at once', async () => {
    await haveNext();
    await expect(product.admin('keys', 'rotate')).rejects.toThrow(
      /may not have the next key for another \d+ s/,
    );
    await expect(product.admin('keys', 'generate')).rejects.toThrow(/The next signing key is there/);
    const dashed = `-${'a'.repeat(42)}`;
    await expect(product.admin('keys', 'revoke', dashed)).rejects.toThrow(/No such signing key/);
    const { access_token } = await signUp(product.api.url);
    const kid = kidOf(access_token);
    await product.admin('keys', 'revoke', kid, '--reason', 'It was in a backup that is lost.');
    expect((await product.admin('keys', 'history')).split('\n')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          new RegExp(`^\\S+Z ${kid} retired by \\S+: It was in a backup that is lost\\.$`),
        ),
        expect.stringMatching(/^\S+Z \S{43} active by \S+$/),
      ]),
    );
    await eventually(async () => {
      for (const api of [product.api, other]) expect((await me(api, access_token)).status).toBe(401);
    });
    const again = await signUp(product.api.url);
    expect((await me(other, again.access_token)).status).toBe(200);
  });

  it('comes by calendar from a worker that was told of no key and no store', async () => {
    expect(WORKER_CONCERNS).not.toContain(KeysConfig);
    await product.worker.stop();
    await haveNext();
    const before = await states();
    await product.query(`update identity.signing_keys set created_at = created_at - interval '91 days',
      activated_at = activated_at - interval '91 days' where state in ('next', 'active')`);
    await product.startWorker({ AUTH_SIGNING_KEY: '', AUTH_KEYS_DIR: '', AUTH_REFRESH_PEPPER: '' });
    const [next] = Object.keys(before).filter((kid) => before[kid] === 'next');
    await eventually(async () => expect(await states()).toMatchObject({ [next!]: 'active' }));
  });
});

describe('the JWKS (S2-21)', () => {
  it('is the same from every process and from the command line, and is not sent twice', async () => {
    await haveNext();
    const first = await eventually(async () => {
      const [one, two] = await Promise.all([jwks(product.api), jwks(other)]);
      expect(one.headers.get('etag')).toBe(two.headers.get('etag'));
      return one;
    });
    const etag = first.headers.get('etag')!;
    const body = await first.text();
    expect(first.headers.get('cache-control')).toBe('public, max-age=300');
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    expect(await product.admin('jwks', 'print')).toBe(`${body}\n`);
    for (const key of (JSON.parse(body) as Jwks).keys)
      expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect((JSON.parse(body) as Jwks).keys.map((key) => key.kid)).toEqual(Object.keys(await states()));

    const lastModified = first.headers.get('last-modified')!;
    for (const headers of [
      { 'if-none-match': etag },
      { 'if-none-match': `"other", W/${etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': lastModified },
    ]) {
      const again = await jwks(product.api, headers as unknown as Record<string, string>);
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    }
    for (const headers of [
      { 'if-none-match': '"other"' },
      { 'if-none-match': '"other"', 'if-modified-since': lastModified },
      { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      { 'if-modified-since': 'yesterday' },
    ]) {
      expect((await jwks(product.api, headers as unknown as Record<string, string>)).status).toBe(200);
    }
    const metrics = await (await fetch(`${product.api.url}/metrics`)).text();
    expect(Number(/^jwks_requests_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(9);
    expect(metrics).toMatch(/^jwks_not_modified_total 4$/m);
  });

  it('has another ETag under another salt, and the age that is set', async () => {
    const salted = await product.startApi({
      AUTH_JWKS_ETAG_SALT: 'after the incident',
      AUTH_JWKS_MAX_AGE_SECONDS: '60',
    });
    const [one, two] = await Promise.all([jwks(product.api), jwks(salted)]);
    expect(await one.text()).toBe(await two.text());
    expect(one.headers.get('etag')).not.toBe(two.headers.get('etag'));
    expect(two.headers.get('cache-control')).toBe('public, max-age=60');
    await salted.stop();
  });
});

describe('gatehouse-admin keys generate', () => {
  it('makes a next key of the algorithm that is asked for, where there is none', async () => {
    // Or they would make it.
    await Promise.all([product.api.stop(), other.stop()]);
    await product.query(
      `update identity.signing_keys set state = 'retired', retired_at = now() where state = 'next'`,
    );
    const said = await product.admin('keys', 'generate', '--algorithm', 'ES256');
    const [, kid] = /^(\S{43}) is the next key\.$/m.exec(said) ?? [];
    expect(await product.admin('keys', 'list')).toContain(`${kid} next ES256 file since`);
  });
});
