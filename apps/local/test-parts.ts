import { join } from 'node:path';
import { startFirebaseAuth } from './parts/firebase-auth.js';
import { startMail } from './parts/mail.js';
import type { Part } from './parts/part.js';
import { startPostgres } from './parts/postgres.js';
import { findRedisServer } from './parts/redis-server.js';
import { startRedis } from './parts/redis.js';
import { externalParts } from './test-environment.js';
import type { TestParts } from './test-environment.js';

/**
 * Starts what the tests need below `directory`, except what the caller explicitly brings. Every part that started is in
 * `running`, also when another one failed.
 */
export async function startTestParts(
  directory: string,
  caller: NodeJS.ProcessEnv,
  args: string[],
  running: Part[],
): Promise<TestParts> {
  const external = externalParts(caller, args);
  const keep = async <T extends Part>(starting: Promise<T>): Promise<T> => {
    const part = await starting;
    running.push(part);
    return part;
  };
  const volatile = (name: string) => ({ directory: join(directory, name), durable: false });

  const redisServer = findRedisServer();
  const redis = async () =>
    keep(startRedis({ ...volatile('redis'), server: await redisServer, settings: ['databases 64'] }));
  const either = (brought: string | undefined, start: () => Promise<Part>) =>
    brought ? Promise.resolve(brought) : start().then((part) => part.url);

  const starting = {
    redisServer,
    postgresAdminUrl: either(external.postgresAdminUrl, () => keep(startPostgres(volatile('postgres')))),
    redisUrl: either(external.redisUrl, redis),
    firebaseUrl: either(external.firebaseUrl, () => keep(startFirebaseAuth(volatile('firebase')))),
    mail: keep(startMail({ directory: join(directory, 'mail') })),
  };
  // Wait for all before the first failure is told: what starts late has to be stopped, too.
  for (const one of await Promise.allSettled(Object.values(starting))) {
    if (one.status === 'rejected') throw one.reason;
  }
  const { smtpUrl, url: mailUrl } = await starting.mail;
  return {
    redisServer: await starting.redisServer,
    postgresAdminUrl: await starting.postgresAdminUrl,
    redisUrl: await starting.redisUrl,
    firebaseUrl: await starting.firebaseUrl,
    smtpUrl,
    mailUrl,
    directory,
  };
}
