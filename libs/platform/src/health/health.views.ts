import { z } from 'zod';

const Finding = z.object({
  status: z.enum(['up', 'down', 'unconfigured']),
  ms: z.number().nullable().describe('How long it took to answer, in milliseconds.'),
});

const Redis = z.object({ seats: Finding, queues: Finding, limits: Finding, nonces: Finding });

export const LiveView = z.object({ status: z.literal('ok') });

export const HealthView = z.object({
  status: z.literal('ok'),
  timestamp: z.date(),
  version: z.string(),
  auth0Configured: z.boolean(),
  keysConfigured: z
    .boolean()
    .describe('Whether COMMIT_KEY, AUDIT_KEY, ED25519_SK and ED25519_VK are all set.'),
});

export const HealthReadyView = z.object({
  status: z.enum(['ready', 'degraded', 'unready']),
  timestamp: z.date(),
  checks: z.object({ database: Finding, redis: Redis }),
});

export const ReadyView = z.object({
  status: z.enum(['ready', 'degraded', 'unready']),
  timestamp: z.date(),
  checks: z.object({ database: Finding, auth0: Finding, firebase: Finding, redis: Redis }),
});

export const StatusView = ReadyView.extend({ version: z.string() });
