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
  const starting = [
    external.postgresAdminUrl ?? keep(startPostgres(volatile('postgres'))),
    external.redisUrl ?? redisServer.then((server) => keep(startRedis({ ...volatile('redis'), server, settings: ['databases 64'] }))),
    external.firebaseUrl ?? keep(startFirebaseAuth(volatile('firebase'))),
  ];
  const mail = keep(startMail({ directory: join(directory, 'mail') }));
  const settled = await Promise.allSettled([redisServer, mail, ...starting]);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;

  const [postgresAdminUrl, redisUrl, firebaseUrl] = (await Promise.all(starting)).map((part) =>
    typeof part === 'string' ? part : part.url,
  ) as [string, string, string];
  const { smtpUrl, url: mailUrl } = await mail;
  return { postgresAdminUrl, redisUrl, redisServer: await redisServer, firebaseUrl, smtpUrl, mailUrl, directory };
}
