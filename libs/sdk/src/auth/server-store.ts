import type { Store } from '../client/platform.js';
import { isOfServer, type StoredAuth } from './stored-auth.js';

/**
 * What a store has of one server. Another server's session is not there for it: it is neither sent nor taken away, and
 * gives way to a sign-in alone.
 */
export function serverStore(store: Store<StoredAuth>, url: string): Store<StoredAuth> {
  const mine = (kept: StoredAuth | null) => (kept && isOfServer(kept, url) ? kept : null);
  return {
    read: async () => mine(await store.read()),
    update: async (change) => {
      const kept = await store.update(async (current) => {
        const own = mine(current);
        return (await change(own)) ?? (own ? null : current);
      });
      return mine(kept);
    },
    drop: (isIt) => store.drop((current) => mine(current) !== null && isIt(current)),
  };
}
