import { succeed } from './person.js';
import type { Product } from './product.js';
import { connected } from './tables.js';

/** The same session with tokens that say that its owner showed who they are `seconds` ago. */
export async function aged<T extends { refresh_token: string; access_token: string }>(
  product: Product,
  session: T,
  seconds = 3_600,
): Promise<T> {
  const { sid } = JSON.parse(
    Buffer.from(session.access_token.split('.')[1] ?? '', 'base64url').toString(),
  ) as { sid: string };
  const database = await connected(product.database.ownerUrl);
  await database.query(
    `update identity.auth_sessions set auth_time = auth_time - $2 * interval '1 second',
       reauthenticated_at = reauthenticated_at - $2 * interval '1 second' where id = $1`,
    [sid, seconds],
  );
  await database.end();
  const { refresh_token } = session;
  const tokens = await succeed<T>(`${product.api.url}/api/v1/auth/refresh`, { body: { refresh_token } });
  return { ...session, ...tokens };
}
