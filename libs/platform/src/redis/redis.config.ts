import { z } from 'zod';
import { configOf, flag, secret, setting } from '../config/config.js';
import { isDefaultPassword } from '../config/made-up.js';

const url = () => z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' });

/** Nodes of a cluster, separated by commas; the others are learnt from them. */
const nodes = () =>
  z
    .string()
    .refine(
      (text) => urlsOf(text).every((one) => url().safeParse(one).success),
      'must be a redis:// or rediss:// URL, or several of them, separated by commas',
    );

/** The URLs of a setting that may list several. */
export const urlsOf = (text: string): string[] => text.split(',').map((one) => one.trim());

/** Redis, one URL for each purpose so that they can be separated; each defaults to REDIS_URL (S2-50). */
export class RedisConfig extends configOf(
  'redis',
  {
    url: secret('REDIS_URL', url(), 'Redis for every purpose that has no URL of its own.'),
    seatsUrl: secret(
      'REDIS_SEATS_URL',
      nodes().optional(),
      'Redis that decides seats; of a cluster some of its nodes, separated by commas.',
    ),
    seatsCluster: setting(
      'REDIS_SEATS_CLUSTER',
      flag(false),
      'REDIS_SEATS_URL names nodes of a Redis Cluster.',
    ),
    queuesUrl: secret('REDIS_QUEUES_URL', url().optional(), 'Redis that moves jobs (BullMQ).'),
    limitsUrl: secret(
      'REDIS_LIMITS_URL',
      url().optional(),
      'Redis that counts for rate limits and idempotency.',
    ),
    noncesUrl: secret('REDIS_NONCES_URL', url().optional(), 'Redis that keeps nonces.'),
    plaintextAllowed: setting(
      'REDIS_PLAINTEXT_ALLOWED',
      flag(false),
      'Names the exception: production may reach Redis without TLS (a private network).',
    ),
    passwordlessAllowed: setting(
      'REDIS_PASSWORDLESS_ALLOWED',
      flag(false),
      'Names the exception: production may reach Redis without a password (a private network).',
    ),
  },
  (values, env) => {
    const several = values.seatsUrl !== undefined && urlsOf(values.seatsUrl).length > 1;
    if (several && !values.seatsCluster) {
      return ['REDIS_SEATS_URL: several URLs are nodes of a cluster; say REDIS_SEATS_CLUSTER=true.'];
    }
    if (values.seatsCluster && values.seatsUrl === undefined) {
      return ['REDIS_SEATS_CLUSTER: it needs REDIS_SEATS_URL.'];
    }
    if (env !== 'production') return [];
    const urls = {
      REDIS_URL: values.url,
      REDIS_SEATS_URL: values.seatsUrl,
      REDIS_QUEUES_URL: values.queuesUrl,
      REDIS_LIMITS_URL: values.limitsUrl,
      REDIS_NONCES_URL: values.noncesUrl,
    };
    return Object.entries(urls).flatMap(([name, one]) =>
      one === undefined ? [] : urlsOf(one).flatMap((node) => guardUrl(name, new URL(node), values)),
    );
  },
) {}

interface Exceptions {
  plaintextAllowed: boolean;
  passwordlessAllowed: boolean;
}

function guardUrl(name: string, url: URL, { plaintextAllowed, passwordlessAllowed }: Exceptions): string[] {
  const faults: string[] = [];
  if (!url.password && !passwordlessAllowed) {
    faults.push(`${name}: production needs a password, or REDIS_PASSWORDLESS_ALLOWED=true.`);
  }
  if (url.password && isDefaultPassword(url.password, url.username)) {
    faults.push(`${name}: production takes no password that everybody tries first; draw one.`);
  }
  if (url.protocol !== 'rediss:' && !plaintextAllowed) {
    faults.push(`${name}: production needs TLS (rediss://), or REDIS_PLAINTEXT_ALLOWED=true.`);
  }
  return faults;
}
