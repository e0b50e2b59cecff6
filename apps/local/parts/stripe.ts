import { join } from 'node:path';
import { program } from '../paths.js';
import { startChild } from '../processes/child.js';
import type { Part } from './part.js';

export interface StripePartOptions {
  /** Where its log goes and, when durable, what it knows. */
  directory: string;
  logFile?: string;
  /** Default true: customers and subscriptions survive a restart. */
  durable?: boolean;
  /** The secret keys it accepts; without any, every test key. */
  apiKeys?: string[];
  /** Where every event goes, signed with this secret. */
  webhook?: { url: string; secret: string };
}

/** Starts the local Stripe on a free loopback port; `url` is its API, and its dashboard. */
export async function startStripe(options: StripePartOptions): Promise<Part> {
  const { directory, logFile, durable = true, apiKeys, webhook } = options;
  const child = await startChild({
    name: 'The local Stripe',
    command: process.execPath,
    args: [program('apps/local/stripe-server.js')],
    cwd: '/',
    env: {
      PATH: process.env.PATH,
      LOCAL_STRIPE: JSON.stringify({
        ...{ apiKeys, webhook },
        ...(durable ? { snapshotFile: join(directory, 'stripe.json') } : {}),
      }),
    },
    logFile: logFile ?? join(directory, 'stripe.log'),
    ready: 'message',
  });
  return { ...child, name: 'stripe', url: String(child.message.url) };
}
