import { DETAILS_EXAMPLE } from './license-details.view.js';

/** How every call that needs a licence in force is refused. */
export const BLOCKED = ['LICENSE_SUSPENDED', 'LICENSE_REVOKED', 'LICENSE_EXPIRED'];

/** Answers as the documentation shows them. */
export const LICENSE_ID = 'lic_01k9zq6mwee4rr8q3fjz6c1v2d';

export const LICENSE_EXAMPLE = {
  id: LICENSE_ID,
  tier: 'FREE',
  status: 'active',
  max_seats: 1,
  entitlements: ['commands:execute'],
  key_activation: true,
  key: 'GH-FREE-************-3A5F',
  expires_at: null,
  created_at: '2026-11-22T09:30:00.000Z',
  ...DETAILS_EXAMPLE,
};

export const BEAT_EXAMPLE = {
  expires_at: '2026-11-22T09:36:00.000Z',
  heartbeat_interval_seconds: 150,
  seats: { used: 1, max: 1 },
};

export const SEAT_EXAMPLE = {
  session_id: 'seat_AQGTn',
  ...BEAT_EXAMPLE,
  license: { id: LICENSE_ID, tier: 'FREE', entitlements: ['commands:execute'] },
  lease: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImxpY2Vuc2UtbGVhc2Urand0In0.eyJpc3MiOiIifQ.c2ln',
};

export const VERDICT_EXAMPLE = {
  valid: true,
  code: 'VALID',
  detail: 'The licence is valid.',
  license: { id: LICENSE_ID, tier: 'FREE', entitlements: ['commands:execute'], expires_at: null },
  quota: [{ meter: 'commands', limit: 10, remaining: 7, resets_at: '2026-11-23T00:00:00.000Z' }],
  nonce: 'b3a1',
};
