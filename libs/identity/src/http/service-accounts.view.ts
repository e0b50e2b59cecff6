import { z } from 'zod';
import { idOf } from '#platform';
import { type ApiKey, keyStatusAt } from '../domain/api-key.js';
import type { ServiceAccount } from '../domain/service-account.js';
import { JwkView } from '../service-accounts/public-keys.js';

const MakerView = z.object({ type: z.string(), id: z.string().nullable() });

export const ServiceAccountView = z.object({
  id: idOf('svc'),
  name: z.string(),
  scopes: z.array(z.string()),
  status: z.enum(['active', 'disabled']),
  jwks: z.object({ keys: z.array(JwkView) }),
  createdBy: MakerView,
  createdAt: z.date(),
  /** To the minute. */
  lastUsedAt: z.date().nullable(),
});

export const ServiceAccountsView = z.object({
  data: z.array(ServiceAccountView),
  nextCursor: z.string().nullable(),
});

export const ApiKeyView = z.object({
  id: idOf('key'),
  name: z.string(),
  scopes: z.array(z.string()),
  status: z.enum(['active', 'expired', 'revoked']),
  /** Its last four characters. */
  hint: z.string(),
  createdBy: MakerView,
  createdAt: z.date(),
  expiresAt: z.date().nullable(),
  /** The key that it was rotated to. */
  replacedBy: z.string().nullable(),
  revokedAt: z.date().nullable(),
  lastUsedAt: z.date().nullable(),
});

export const ApiKeysView = z.object({ data: z.array(ApiKeyView), nextCursor: z.string().nullable() });

/** The only answer that has the key itself. */
export const NewApiKeyView = ApiKeyView.extend({ key: z.string() });

export const RotatedApiKeyView = NewApiKeyView.extend({ replaces: ApiKeyView });

export const IssuedView = z.object({ serviceAccount: ServiceAccountView, apiKey: NewApiKeyView });

export const DeletedView = z.object({ status: z.literal('deleted') });
export const KeyRevokedView = z.object({ status: z.literal('revoked') });

type AccountFields = Omit<z.input<typeof ServiceAccountView>, 'jwks'> & Pick<ServiceAccount, 'jwks'>;

export const accountView = ({ jwks, ...row }: AccountFields): z.input<typeof ServiceAccountView> => ({
  ...row,
  jwks: { keys: jwks.map((key) => JwkView.parse(key)) },
});

/** One that was just made or changed. */
export const accountViewOf = (account: ServiceAccount): z.input<typeof ServiceAccountView> => {
  const { id, name, scopes, status, jwks, createdAt, createdByType: type, createdById: by } = account;
  if (status === 'deleted') throw new Error('A deleted service account is shown to nobody.');
  const lastUsedAt = account.lastUsedAt ?? null;
  return accountView({ id, name, scopes, status, jwks, createdAt, lastUsedAt, createdBy: { type, id: by } });
};

export const keyViewOf = (key: ApiKey, now: Date): z.input<typeof ApiKeyView> => {
  const { id, name, scopes, hint, createdAt, expiresAt, replacedBy, revokedAt } = key;
  return {
    ...{ id, name, scopes, hint, createdAt, expiresAt, replacedBy, revokedAt },
    status: keyStatusAt(key, now),
    createdBy: { type: key.createdByType, id: key.createdById },
    lastUsedAt: key.lastUsedAt ?? null,
  };
};

/** Answers as the documentation shows them. */
export const SERVICE_ACCOUNT_EXAMPLE = {
  id: 'svc_01k9zq6mwee4rr8q3fjz6c1v2d',
  name: 'Nightly report',
  scopes: ['audit:read', 'licenses:read'],
  status: 'active',
  jwks: { keys: [] },
  created_by: { type: 'user', id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d' },
  created_at: '2026-11-22T10:15:30.000Z',
  last_used_at: null,
};

export const API_KEY_EXAMPLE = {
  id: 'key_01k9zq6mwee4rr8q3fjz6c1v2d',
  name: 'Server 1',
  scopes: ['licenses:read'],
  status: 'active',
  hint: 'x7Qa',
  created_by: { type: 'user', id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d' },
  created_at: '2026-11-22T10:15:30.000Z',
  expires_at: '2027-11-22T10:15:30.000Z',
  replaced_by: null,
  revoked_at: null,
  last_used_at: null,
};

export const NEW_API_KEY_EXAMPLE = { ...API_KEY_EXAMPLE, key: 'gh_key_live_...x7Qa' };
