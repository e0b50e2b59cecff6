/** Answers as the documentation shows them. */
export const TOKENS_EXAMPLE = {
  access_token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln',
  refresh_token: 'rft_AZr6',
  token_type: 'Bearer',
  expires_in: 3600,
};

export const USER_EXAMPLE = {
  id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d',
  email: 'ada@example.com',
  email_verified: true,
  display_name: 'Ada',
};

export const TENANT_EXAMPLE = {
  id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
  name: 'Acme Tools',
  slug: 'acme-tools',
  plan: 'FREE',
  max_seats: 1,
};

export const ME_EXAMPLE = {
  user: { ...USER_EXAMPLE, locale: 'de-AT', time_zone: 'Europe/Vienna' },
  tenant: TENANT_EXAMPLE,
  role: 'owner',
  scopes: ['licenses:read', 'seats:acquire', 'audit:read', 'commands:execute'],
  plan: 'FREE',
};
