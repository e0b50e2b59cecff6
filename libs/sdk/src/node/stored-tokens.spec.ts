import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '../api/api-error.js';
import type { Tokens } from '../api/answers.js';
import { authFile, type StoredAuth } from '../state/auth-file.js';
import { storedAuthOf, StoredTokens } from './stored-tokens.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const AUTH: StoredAuth = {
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  expiresAt: NOW - 1,
  user: { email: 'ada@acme.example', tenantId: 'ten_1', plan: 'PRO' },
};

let directory: string;
let refreshed: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-tokens-'));
  refreshed = [];
  await authFile(directory).write(AUTH);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const next = async (token: string): Promise<Tokens> => {
  refreshed.push(token);
  return { accessToken: 'access-2', refreshToken: 'refresh-2', expiresInSeconds: 3600 };
};
const fails = (status: number | null) => () =>
  Promise.reject(new ApiError({ status, code: 'X', message: 'x' }));
const tokens = (refresh: (token: string) => Promise<Tokens> = next) =>
  new StoredTokens(authFile(directory), refresh, () => NOW);

describe('the tokens in auth.json (S1-57, S1-58)', () => {
  it('are used as they are while they last', async () => {
    await authFile(directory).write({ ...AUTH, expiresAt: NOW + 60_000 });
    expect(await tokens().token()).toBe('access-1');
    expect(refreshed).toEqual([]);
  });

  it('are refreshed before use when they have expired, and saved whole', async () => {
    expect(await tokens().token()).toBe('access-2');
    expect(JSON.parse(await readFile(join(directory, 'auth.json'), 'utf8'))).toEqual({
      access_token: 'access-2',
      refresh_token: 'refresh-2',
      expires_at: '2026-03-01T13:00:00.000Z',
      user: { email: 'ada@acme.example', tenant_id: 'ten_1', plan: 'PRO' },
    });
  });

  it('are refreshed once, however many ask at a time', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => tokens().token()));
    expect(new Set(all)).toEqual(new Set(['access-2']));
    expect(refreshed).toEqual(['refresh-1']);
  });

  it('are renewed when the server refuses them early, unless another program has done so', async () => {
    await authFile(directory).write({ ...AUTH, expiresAt: NOW + 60_000 });
    expect(await tokens().renew('access-0')).toBe('access-1');
    expect(await tokens().renew('access-1')).toBe('access-2');
    expect(refreshed).toEqual(['refresh-1']);
  });

  it('are kept when the server is away or refuses: a proxy signs nobody out', async () => {
    expect(await tokens(fails(null)).token()).toBe('access-1');
    expect(await tokens(fails(401)).token()).toBeNull();
    expect(await tokens(fails(503)).renew('access-1')).toBeNull();
    expect(await authFile(directory).read()).toEqual(AUTH);
  });

  it('are nobody’s when nobody has signed in', async () => {
    await authFile(directory).remove();
    expect(await tokens().token()).toBeNull();
  });
});

it('a sign-in is kept with the end of its token', () => {
  const user = { id: 'usr_1', email: 'ada@acme.example', emailVerified: true };
  const tenant = { id: 'ten_1', name: 'Acme', slug: 'acme', plan: 'PRO' };
  const signedIn = {
    accessToken: 'access-1',
    refreshToken: 'refresh-1',
    expiresInSeconds: 3600,
    user,
    tenant,
  };
  expect(storedAuthOf(signedIn, NOW)).toEqual({ ...AUTH, expiresAt: NOW + 3_600_000 });
});
