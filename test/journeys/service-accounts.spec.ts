import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { type AuditBody, call, type ErrorBody, succeed } from '../support/person.js';
import { type ApiKeyBody, askToken, basic, type ServiceAccountBody } from '../support/service-accounts.js';
import { BASE_URL, SCOPES, serviceWorld } from '../support/service-world.js';
import { startVault, type VaultServer } from '../support/vault.js';

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-issue-'));
const AUTH_ISSUE_KEY_PATH = join(directory, 'issue.pem');
const { privateKey } = generateKeyPairSync('ed25519');
writeFileSync(AUTH_ISSUE_KEY_PATH, privateKey.export({ format: 'pem', type: 'pkcs8' }));

let vault: VaultServer;
beforeAll(async () => {
  vault = await startVault();
  await vaultPost('keys/issue', { type: 'ed25519' });
});
afterAll(() => vault?.stop());

/** Its other process takes requests that Vault has signed; the first one takes those of a file. */
const world = serviceWorld({ AUTH_ISSUE_KEY_PATH }, () => ({
  AUTH_ISSUE_KEY_PATH: '',
  AUTH_ISSUE_VAULT_KEY: 'issue',
  AUTH_ISSUE_VAULT_ADDR: vault.url.href,
  AUTH_ISSUE_VAULT_TOKEN: vault.token,
}));
const { product, made, isGood, isOver, refusalOf } = world;

async function vaultPost(path: string, body: object): Promise<{ data: { signature: string } }> {
  const response = await fetch(new URL(`/v1/transit/${path}`, vault.url), {
    method: 'POST',
    headers: { 'x-vault-token': vault.token, 'x-vault-request': 'true' },
    body: JSON.stringify(body),
  });
  return (response.status === 204 ? {} : await response.json()) as { data: { signature: string } };
}

describe('POST /auth/service-accounts/issue (S2-48)', () => {
  /** As docs/decisions/service-accounts.md writes it, by hand. */
  async function signedByVault(change: Record<string, unknown> = {}, spoil: Record<string, unknown> = {}) {
    const request = {
      tenant_id: world.ada.tenant.id,
      name: 'Deployer',
      scopes: ['licenses:read'],
      nonce: randomBytes(18).toString('base64url'),
      issued_at: new Date().toISOString(),
      ...change,
    };
    const lines = [
      'gatehouse service account v1',
      BASE_URL,
      request.tenant_id,
      JSON.stringify(request.name),
      request.scopes.join(' '),
      '-',
      request.nonce,
      request.issued_at,
    ].join('\n');
    const { data } = await vaultPost('sign/issue', { input: Buffer.from(lines).toString('base64') });
    return { ...request, signature: data.signature, ...spoil };
  }
  const issue = (body: unknown, api = world.other.url) =>
    call<{ service_account: ServiceAccountBody; api_key: ApiKeyBody } & ErrorBody>(
      `${api}/api/v1/auth/service-accounts/issue`,
      { body },
    );

  it('gives a service account with its first key for a signature of Vault, once', async () => {
    const signed = await signedByVault();
    const { status, body } = await issue(signed);
    expect(status).toBe(201);
    expect(body.service_account).toMatchObject({
      name: 'Deployer',
      scopes: ['licenses:read'],
      created_by: { type: 'system', id: 'vault-signature' },
    });
    await isGood(body.api_key.key);
    const again = await issue(signed);
    expect([again.status, again.body.error.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('gives nothing for anything else, with the one 401', async () => {
    const minutes = (count: number) => new Date(Date.now() + count * 60_000).toISOString();
    for (const signed of [
      await signedByVault({}, { scopes: ['licenses:read', 'audit:read'] }),
      await signedByVault({}, { tenant_id: world.mallory.tenant.id }),
      await signedByVault({}, { nonce: randomBytes(18).toString('base64url') }),
      await signedByVault({}, { signature: 'vault:v1:AAAA' }),
      await signedByVault({}, { signature: `file:v1:${randomBytes(64).toString('base64')}` }),
      await signedByVault({ issued_at: minutes(-5) }),
      await signedByVault({ issued_at: minutes(2) }),
    ]) {
      const { status, body } = await issue(signed);
      expect([status, body.error.code, body.error.message]).toEqual([
        401,
        'UNAUTHENTICATED',
        'Authentication is required.',
      ]);
    }
    // What Vault has signed means nothing where a file signs, and the other way round.
    expect((await issue(await signedByVault(), product.api.url)).status).toBe(401);
    const beyond = await issue(await signedByVault({ scopes: ['operator:tenants'] }));
    expect([beyond.status, beyond.body.error.code]).toEqual([403, 'MISSING_SCOPE']);
    const nowhere = await issue(await signedByVault({ tenant_id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d' }));
    expect(nowhere.status).toBe(404);
    vault.failWith(503);
    const away = await issue(await signedByVaultWhileUp());
    expect([away.status, away.body.error.code]).toEqual([503, 'UNAVAILABLE']);
    vault.failWith(null);
  });
  async function signedByVaultWhileUp() {
    vault.failWith(null);
    const signed = await signedByVault();
    vault.failWith(503);
    return signed;
  }

  it('has a path for developers: a key in a file, and two commands', async () => {
    const about = ['--tenant', world.ada.tenant.id, '--name', 'Local', '--scopes', 'licenses:read'];
    const signed = await product.admin('service-accounts', 'sign', ...about);
    const file = join(directory, 'request.json');
    writeFileSync(file, signed);
    const issued = await product.admin('service-accounts', 'issue', file);
    const [, id = '', key = ''] = /^(svc_\S+) (gh_key_\S+)\n$/.exec(issued) ?? [];
    await isGood(key);
    expect((await issue(JSON.parse(signed), product.api.url)).status).toBe(401);

    const operated = ['--tenant', world.ada.tenant.id, '--reason', 'the laptop was lost'];
    await product.admin('service-accounts', 'disable', id, ...operated);
    await isOver(key);
  });
});

describe('the service accounts of another organisation', () => {
  it('are not there', async () => {
    const [{ id }, { id: keyId }] = await made();
    const bearer = world.mallory.access_token;
    for (const [method, path, body] of [
      ['GET', `/${id}`, undefined],
      ['PATCH', `/${id}`, { name: 'Mine' }],
      ['DELETE', `/${id}`, undefined],
      ['POST', `/${id}/disable`, undefined],
      ['GET', `/${id}/keys`, undefined],
      ['POST', `/${id}/keys`, { name: 'Mine' }],
      ['POST', `/${id}/keys/${keyId}/rotate`, {}],
      ['DELETE', `/${id}/keys/${keyId}`, undefined],
    ] as const)
      expect([path, ...(await refusalOf(`/auth/service-accounts${path}`, { method, bearer, body }))]).toEqual(
        [path, 404, 'NOT_FOUND'],
      );
    const [own] = await made();
    expect(
      await refusalOf(`/auth/service-accounts/${own.id}/keys/${keyId}`, {
        method: 'DELETE',
        bearer: world.ada.access_token,
      }),
    ).toEqual([404, 'NOT_FOUND']);
    const page = await succeed<{ data: unknown[] }>(`${product.v1}/auth/service-accounts`, {
      bearer,
    });
    expect(page.data).toEqual([]);
  });
});

describe('the list of service accounts', () => {
  it('comes in pages, the newest first', async () => {
    const newest = await world.accounts.create(SCOPES);
    const second = await world.accounts.create(SCOPES);
    const bearer = world.ada.access_token;
    type Page = { data: ServiceAccountBody[]; next_cursor: string };
    const page = await succeed<Page>(`${world.accounts.root}?limit=1`, { bearer });
    expect(page.data.map((one) => one.id)).toEqual([second.id]);
    const next = await succeed<Page>(`${world.accounts.root}?limit=1&cursor=${page.next_cursor}`, { bearer });
    expect(next.data.map((one) => one.id)).toEqual([newest.id]);
  });
});

describe('the audit trail', () => {
  it('tells what became of a service account, and who did it', async () => {
    const [{ id }, key] = await made();
    const fresh = await world.accounts.rotate(id, key.id, { overlap_seconds: 60 });
    await askToken(product.api.url, { grant_type: 'client_credentials' }, basic(id, fresh.key));
    await world.accounts.revoke(id, fresh.id);
    await world.accounts.turn(id, 'disable');
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit?limit=100`, {
        bearer: world.ada.access_token,
      });
      const told = data.filter((entry) => JSON.stringify(entry.metadata).includes(id)).reverse();
      expect(told.map((entry) => [entry.action, entry.subject, entry.actor.type])).toEqual([
        ['SERVICE_ACCOUNT_CREATED', id, 'user'],
        ['API_KEY_CREATED', key.id, 'user'],
        ['API_KEY_CREATED', fresh.id, 'user'],
        ['API_KEY_ROTATED', key.id, 'user'],
        ['SERVICE_TOKEN_ISSUED', id, 'service'],
        ['API_KEY_REVOKED', fresh.id, 'user'],
        ['SERVICE_ACCOUNT_DISABLED', id, 'user'],
      ]);
      expect(JSON.stringify(told)).not.toContain('gh_key_');
    });
  });
});

describe('operators', () => {
  it('do the same for any organisation, and the trail says why', async () => {
    const about = ['--tenant', world.ada.tenant.id, '--reason', 'asked for by telephone'];
    const verb = (...args: string[]) => product.admin('service-accounts', ...args, ...about);
    const id = (await verb('create', 'Backup', '--scopes', 'licenses:read')).trim();
    const [keyId = '', key = ''] = (await verb('create-key', id, '--name', 'One')).trim().split(' ');
    await isGood(key);
    await verb('revoke-key', id, keyId);
    await isOver(key);
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit?action=API_KEY_REVOKED`, {
        bearer: world.ada.access_token,
      });
      expect(data.find((entry) => entry.subject === keyId)).toMatchObject({
        actor: { type: 'operator' },
        metadata: { reason: 'asked for by telephone' },
      });
    });
  });
});
