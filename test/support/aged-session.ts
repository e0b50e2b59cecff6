import { payloadOf, succeed } from './person.js';
import type { Product } from './product.js';

/** The same session with tokens that say that its owner showed who they are `seconds` ago. */
export async function aged<T extends { refresh_token: string; access_token: string }>(
  product: Product,
  session: T,
  seconds = 3_600,
): Promise<T> {
  const { sid } = payloadOf<{ sid: string }>(session.access_token);
  await product.query(
    `update identity.auth_sessions set auth_time = auth_time - $2 * interval '1 second',
       reauthenticated_at = reauthenticated_at - $2 * interval '1 second' where id = $1`,
    [sid, seconds],
  );
  const { refresh_token } = session;
  const tokens = await succeed<T>(`${product.v1}/auth/refresh`, { body: { refresh_token } });
  return { ...session, ...tokens };
}
